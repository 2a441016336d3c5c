import { randomUUID } from 'node:crypto';
import type { Redis as Client } from 'ioredis';
import { urlOf } from '../store/services.ts';
import type { OpenPairs } from './pairs.ts';

const ttlMs = 10_000;

/** What a fenced lock costs at the least: a token under a name for a time, and a number that grows, in one round trip. */
const takeScript = `
if redis.call('set', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return redis.call('incr', KEYS[2]) end
return false
`;

/** Only whoever has the token gives it back. */
const giveBackScript = `
if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end
return 0
`;

interface Scripted extends Client {
  takeFenced(key: string, fence: string, token: string, ttlMs: number): Promise<number | null>;
  giveBack(key: string, token: string): Promise<number>;
}

/** By hand: two scripts, and nobody who waits, renews or is told anything. */
export function rawFencedPairs(options: { readonly pipelined?: boolean } = {}): OpenPairs {
  return async () => {
    const { Redis } = await import('ioredis');
    const client = new Redis(urlOf('redis'), {
      enableAutoPipelining: options.pipelined === true,
      autoResendUnfulfilledCommands: false,
    }) as Scripted;
    client.defineCommand('takeFenced', { numberOfKeys: 2, lua: takeScript });
    client.defineCommand('giveBack', { numberOfKeys: 1, lua: giveBackScript });
    const name = `raw-${process.pid}`;
    return {
      async pair(index) {
        const token = randomUUID();
        const key = `{${name}:${index}}`;
        const fence = await client.takeFenced(key, `${key}:fence`, token, ttlMs);
        if (fence === null) throw new Error(`Key ${key} must be free: it was not`);
        if ((await client.giveBack(key, token)) !== 1) throw new Error(`Key ${key} must be ours: it was not`);
        return fence;
      },
      close: async () => void (await client.quit()),
    };
  };
}

/** As its README has it, with one server. It has no fences. */
export function redlockPairs(): OpenPairs {
  return async () => {
    const { Redis } = await import('ioredis');
    const { default: Redlock } = await import('redlock');
    const client = new Redis(urlOf('redis'));
    const redlock = new Redlock([client]);
    const name = `redlock-${process.pid}`;
    return {
      async pair(index) {
        const lock = await redlock.acquire([`${name}:${index}`], ttlMs);
        await lock.release();
        return 0;
      },
      close: async () => void (await client.quit()),
    };
  };
}
