import { keepsTheSeam } from './keeps-the-seam.ts';
import { RedisStand } from './redis-stand.ts';

keepsTheSeam('Redis', () => RedisStand.start({ appendfsync: 'always' }));
