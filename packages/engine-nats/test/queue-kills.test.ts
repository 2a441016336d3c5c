import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { type MessageId, type QueueStore, seededRandom } from '@quorate/core';
import { skipReason } from '@quorate/servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Said } from './queue-child.ts';
import { QueueStand } from './queue-subject.ts';

const reason = skipReason('nats');
const isLong = process.env['QUORATE_LONG'] !== undefined;
const cycles = isLong ? 1000 : 3;
const restarts = isLong ? 50 : 2;
const timeout = 60_000 + cycles * 5000;

/** How many messages a child has out at once. */
const outMax = 5;
const acknowledge = { type: 'acknowledge' } as const;

/** A process with a client of its own, ended with the test. */
interface Child extends AsyncDisposable {
  readonly process: ChildProcess;
  readonly said: readonly Said[];
  /** Settles when it has said so much. */
  reaches(count: number): Promise<void>;
  /** Ends it as `kill -9` does. Settles when it is gone and all that it said was read. */
  kill(): Promise<void>;
}

async function start(task: 'work' | 'lease', port: number, queue: string, owner: string): Promise<Child> {
  const child = fork(new URL('./queue-child.ts', import.meta.url), [
    task,
    `${port}`,
    queue,
    owner,
    `${outMax}`,
  ]);
  const said: Said[] = [];
  child.on('message', (message: Said) => said.push(message));
  const gone = Promise.all([once(child, 'exit'), once(child, 'disconnect')]);
  const reaches = async (count: number): Promise<void> => {
    while (said.length < count) {
      if (child.exitCode !== null) throw new Error(`The child ended after ${said.length} of ${count} words`);
      await Promise.race([once(child, 'message'), gone]);
    }
  };
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await gone;
  };
  await reaches(1);
  return { process: child, said, reaches, kill, [Symbol.asyncDispose]: kill };
}

/** Which tokens each message was handled under, in the order in which that was told. */
class Handled {
  readonly tokens = new Map<string, bigint[]>();

  note(id: string, token: bigint): void {
    this.tokens.set(id, [...(this.tokens.get(id) ?? []), token]);
  }

  /** How often a message was handled again, each time under a larger token. */
  again(): number {
    let count = 0;
    for (const tokens of this.tokens.values()) {
      expect(tokens.every((token, index) => index === 0 || token > tokens[index - 1]!)).toBe(true);
      count += tokens.length - 1;
    }
    return count;
  }
}

describe.skipIf(reason !== undefined)('processes that die (needs nats-server)', () => {
  let stand: QueueStand;
  let store: QueueStore;
  beforeAll(async () => {
    stand = await QueueStand.start();
    store = await stand.open();
  });
  afterAll(async () => {
    await store[Symbol.asyncDispose]();
    await stand[Symbol.asyncDispose]();
  });

  test('lose nothing that was put, and have handled twice at most what they had out', {
    timeout,
  }, async () => {
    const queue = 'kills/queue';
    const random = seededRandom('queue-kills');
    const handled = new Handled();
    const put: string[] = [];
    for (let cycle = 0; cycle < cycles; cycle++) {
      const owner = `owner-${cycle}`;
      await using child = await start('work', stand.server.port, queue, owner);
      // Wherever it is by then: in a handler, while it settles, while a put is stored.
      await child.reaches(5 + (random.uint32() % 60));
      await child.kill();
      for (const said of child.said) {
        if (said.is === 'put') put.push(said.id);
        if (said.is === 'handled') handled.note(said.id, BigInt(said.token));
      }
      expect(await store.abandon(queue, owner)).toBeLessThanOrEqual(outMax);
    }
    for (;;) {
      const messages = await store.lease(queue, { messagesMax: 100, leaseMs: 600_000, owner: 'last' });
      if (messages.length === 0) break;
      for (const { id, token } of messages) handled.note(id, token);
      await store.settle(messages.map(lease => ({ lease, action: acknowledge })));
    }
    expect(put.length).toBeGreaterThan(cycles);
    expect(put.filter(id => !handled.tokens.has(id))).toEqual([]);
    expect(handled.again()).toBeLessThanOrEqual(cycles * outMax);
  });

  test('a worker that stood still beyond its lease has lost it', { timeout: 60_000 }, async () => {
    const queue = 'stops/queue';
    await store.put([{ queue, message: { body: Buffer.from('a') } }]);
    await using child = await start('lease', stand.server.port, queue, 'slow');
    await child.reaches(2);
    child.process.kill('SIGSTOP');
    const options = { messagesMax: 1, leaseMs: 600_000, owner: 'quick', waitMs: 30_000 };
    const [second] = await store.lease(queue, options);
    expect(second).toMatchObject({ deliveryCount: 2 });
    child.process.kill('SIGCONT');
    child.process.send('settle');
    await child.reaches(3);
    const lost = JSON.stringify({ outcome: 'not-applied', reason: 'lost' });
    expect(child.said[2]).toEqual({ is: 'settled', outcome: lost });
    expect(await store.settle([{ lease: second!, action: acknowledge }])).toEqual([{ outcome: 'applied' }]);
  });

  test('a server that is killed under load loses nothing that it has answered for', { timeout }, async () => {
    const queue = 'restarts/queue';
    const handled = new Handled();
    const put: string[] = [];
    const over = new AbortController();
    let [producers, unsure] = [4, 0];
    const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));
    // What is not answered is put again under its id until it is.
    const produce = async (name: number): Promise<void> => {
      for (let index = 0; !over.signal.aborted; index++) {
        const message = { id: `${name}-${index}` as MessageId, body: Buffer.from('x'), rememberMs: 600_000 };
        while ((await store.put([{ queue, message }]).catch(() => []))[0]?.outcome !== 'applied')
          await turn();
        put.push(message.id);
      }
      producers--;
    };
    const consume = async (): Promise<void> => {
      for (;;) {
        const options = { messagesMax: 10, leaseMs: 2000, owner: 'o', waitMs: 3000 };
        const messages = await store.lease(queue, options).catch(() => undefined);
        // A lease whose answer was lost comes back when it ends.
        if (messages?.length === 0 && producers === 0) return;
        if (messages === undefined || messages.length === 0) {
          await turn();
          continue;
        }
        for (const { id, token } of messages) handled.note(id, token);
        const results = await store
          .settle(messages.map(lease => ({ lease, action: acknowledge })))
          .catch(() => messages.map(() => ({ outcome: 'not-applied' })));
        unsure += results.filter(({ outcome }) => outcome !== 'applied').length;
      }
    };
    const restart = async (): Promise<void> => {
      for (let cycle = 0; cycle < restarts; cycle++) {
        const before = put.length;
        while (put.length < before + 100) await turn();
        await stand.server.kill();
        await stand.server.restart();
      }
      over.abort();
    };
    await Promise.all([...[0, 1, 2, 3].map(produce), consume(), consume(), restart()]);
    expect(put.filter(id => !handled.tokens.has(id))).toEqual([]);
    expect(handled.again()).toBeLessThanOrEqual(unsure);
    expect(await store.inspect.depth(queue)).toMatchObject({ readyCount: 0, leasedCount: 0 });
  });
});
