import { keepsTheQueueSeam } from './keeps-the-queue-seam.ts';
import { RedisStand } from './redis-stand.ts';

keepsTheQueueSeam('Redis Cluster', () => RedisStand.startCluster());
