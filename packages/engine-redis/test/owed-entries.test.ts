import { seededRandom, type SessionId } from '@quorate/core';
import { beforeEach, expect, test } from 'vitest';
import { RedisKeys } from '../src/redis-keys.ts';
import { RedisSessions } from '../src/host/redis-sessions.ts';
import type { ScriptRunner } from '../src/host/script-runner.ts';
import type { Sweeper } from '../src/host/sweeper.ts';
import {
  enterPartitionScript,
  openSessionScript,
  renewSessionScript,
} from '../src/scripts/session-scripts.ts';

/** A server that refuses to be told so many times where a session leaves something. */
let refusing: number;
let isAlive: boolean;
/** What it has been told, and what was swept. */
let log: string[];
let sessions: RedisSessions;
let session: SessionId;

beforeEach(async () => {
  [refusing, isAlive, log] = [1, true, []];
  const run = async (script: unknown, ...args: readonly unknown[]): Promise<unknown> => {
    if (script === openSessionScript) return 1e6;
    if (script === renewSessionScript) return isAlive ? 2e6 : 0;
    if (script !== enterPartitionScript) throw new Error('nobody asks for it');
    if (refusing-- > 0) throw new Error('OOM');
    log.push(`entered ${String(args[2])}`);
    return isAlive ? 2e6 : 0;
  };
  const sweeper = {
    sweep: async (partition: string) => void log.push(`swept ${partition}`),
    sweepEnded: async () => void log.push('ended'),
  };
  sessions = new RedisSessions({
    runner: { isCluster: false, run } as unknown as ScriptRunner,
    keys: new RedisKeys('quorate'),
    random: seededRandom(1),
    sweeper: sweeper as unknown as Sweeper,
  });
  session = await sessions.open(1000);
});

/** A mutation that takes effect, while the server could not be told of it. */
async function mutate(): Promise<void> {
  const result = await sessions.entering(
    'p',
    [session],
    undefined,
    async () => 'done',
    () => false,
  );
  expect([result, log]).toEqual(['done', []]);
}

test('what a server could not be told of a mutation that went ahead it is told with the next renewal', async () => {
  refusing = 2;
  await mutate();
  await sessions.renew(session);
  await sessions.renew(session);
  await expect.poll(() => log).toEqual(['entered p']);
  await sessions.renew(session);
  expect(log).toEqual(['entered p']);
});

test('or before the session ends, so that its entries go with it', async () => {
  await mutate();
  await sessions.end(session);
  expect(log).toEqual(['entered p', 'ended']);
});

test('and where the session has died meanwhile, its client sweeps by itself', async () => {
  await mutate();
  isAlive = false;
  await sessions.renew(session);
  await expect.poll(() => log).toEqual(['swept p']);
});
