import { askRedis } from './probe.ts';
import { binaryOf } from './programs.ts';
import { type Server, startServer } from './server-process.ts';

export interface RedisOptions {
  /** When the append-only file is synced; undefined for no file at all. */
  readonly appendfsync?: 'always' | 'everysec' | 'no';
  /** More arguments, such as `['--maxmemory', '10mb']`. */
  readonly args?: readonly string[];
}

/** Starts Redis, or Valkey where there is no Redis. Without persistence unless that is asked for. */
export function startRedis({ appendfsync, args = [] }: RedisOptions = {}): Promise<Server> {
  return startServer({
    name: 'redis',
    program: binaryOf('redis'),
    args: (port, folder) => {
      const append = appendfsync === undefined ? [] : ['--appendonly', 'yes', '--appendfsync', appendfsync];
      const place = ['--bind', '127.0.0.1', '--port', `${port}`, '--dir', folder, '--save', ''];
      return [...place, ...append, ...args];
    },
    url: port => `redis://127.0.0.1:${port}`,
    isReady: async port => (await askRedis(port, 'PING')) === '+PONG',
  });
}
