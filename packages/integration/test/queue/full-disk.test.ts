import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type MessageId, type QuorateError, type QueueStore, sleep, systemClock } from '@quorate/core';
import { skipReason } from '@quorate/servers';
import { describe, expect, test } from 'vitest';
import { type EngineName, openQueueStore, startEngine } from '../engines.ts';
import { SmallVolume } from './small-volume.ts';

const queue = 'full/jobs';
const program = fileURLToPath(new URL('full-child.ts', import.meta.url));
/** Puts that are known before there is no room, and the most that may go into what is left of a file that was made before. */
const [firstCount, moreMax] = [20, 3000];
const bodyBytes = 20_000;

interface Kind {
  /** Enough to begin with, MiB. */
  readonly mib: number;
  /** What is said where there is no room. */
  readonly failure: object;
  /** Whether it goes on by itself once there is room. */
  readonly revives: boolean;
}

interface Outcome {
  readonly failure: QuorateError | undefined;
  readonly putCount: number;
  readonly times: ReadonlyMap<string, number>;
}

const kinds: Readonly<Record<Exclude<EngineName, 'lmdb'>, Kind>> = {
  // A server that syncs each write ends itself where it cannot write.
  redis: { mib: 32, failure: { code: 'UNAVAILABLE' }, revives: false },
  // The server turns JetStream off and answers nothing, until it is started anew.
  nats: { mib: 64, failure: { code: expect.stringMatching(/^(?:UNAVAILABLE|STORE_FULL)$/) }, revives: false },
  postgres: { mib: 160, failure: { code: 'UNAVAILABLE' }, revives: true },
};

const bodyOf = (index: number): Buffer => Buffer.alloc(bodyBytes, `${index},`);

/** Undefined where it is there. */
async function failureOf(store: QueueStore, index: number): Promise<QuorateError | undefined> {
  const message = { id: `${index}` as MessageId, body: bodyOf(index), rememberMs: 3_600_000 };
  try {
    const [result] = await store.put([{ queue, message }], { deadlineMs: 20_000 });
    return result?.outcome === 'unknown' ? (result.cause as QuorateError) : undefined;
  } catch (thrown) {
    return thrown as QuorateError;
  }
}

/** Takes all out, and says how often each came. */
async function taken(store: QueueStore): Promise<Map<string, number>> {
  const times = new Map<string, number>();
  for (;;) {
    const leased = await store.lease(queue, { messagesMax: 100, leaseMs: 600_000, owner: 'me' });
    if (leased.length === 0) return times;
    for (const { id, body } of leased) {
      expect(bodyOf(Number(id)).equals(body)).toBe(true);
      times.set(id, (times.get(id) ?? 0) + 1);
    }
    await store.settle(leased.map(lease => ({ lease, action: { type: 'acknowledge' } })));
  }
}

/** What was refused, how many were put, and how often each came in the end. */
async function fillAndFree(engine: keyof typeof kinds): Promise<Outcome> {
  const { mib, revives } = kinds[engine];
  await using volume = await SmallVolume.open(mib);
  await using stand = await volume.around(() => startEngine(engine));
  await using store = await openQueueStore(stand.address);
  for (let index = 0; index < firstCount; index++) expect(await failureOf(store, index)).toBeUndefined();
  let [count, failure]: [number, QuorateError | undefined] = [firstCount, undefined];
  for (; failure === undefined && count < moreMax; count++) {
    volume.fill();
    failure = await failureOf(store, count);
  }
  volume.free();
  if (!revives) await stand.server?.restart();
  // What has failed is sent again under its id, and comes once whatever had become of it.
  for (let again = await failureOf(store, count - 1); again !== undefined; ) {
    await sleep(systemClock, 50);
    again = await failureOf(store, count - 1);
  }
  expect(await failureOf(store, count)).toBeUndefined();
  return { failure, putCount: count + 1, times: await taken(store) };
}

describe('a disk that is full and has room again costs nothing that was answered for', () => {
  for (const name of ['redis', 'nats', 'postgres'] as const) {
    const missing = skipReason(name) ?? SmallVolume.missing();
    test.skipIf(missing !== undefined)(
      `on ${name} (needs it, and leave to mount a file system${missing === undefined ? '' : `; ${missing}`})`,
      { timeout: 240_000 },
      async () => {
        const { failure, putCount, times } = await fillAndFree(name);
        // It says so, and does not wait for ever.
        expect(failure).toMatchObject({ ...kinds[name].failure, retryable: true });
        expect([...times.values()].filter(each => each !== 1)).toEqual([]);
        expect(times.size).toBe(putCount);
      },
    );
  }

  const missing = SmallVolume.missing();
  test.skipIf(missing !== undefined)(
    `on lmdb, in the process that filled it and in the next (needs leave to mount a file system${missing === undefined ? '' : `; ${missing}`})`,
    { timeout: 240_000 },
    async () => {
      await using volume = await SmallVolume.open(64);
      const address = { engine: 'lmdb', at: join(volume.path, 'store') } as const;
      const child = spawn(process.execPath, [program, JSON.stringify(address), queue, volume.path], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let text = '';
      child.stdout.on('data', chunk => {
        text += String(chunk);
      });
      expect(await once(child, 'close')).toEqual([0, null]);
      const lines = text.trim().split('\n');
      expect(lines.splice(-3)).toEqual(['settled 0 applied', 'then applied', 'STORE_FULL not-applied']);
      const [first, ...ids] = lines.map(line => line.slice('put '.length));
      expect(first).toBe('0');
      expect(ids.length).toBeGreaterThanOrEqual(firstCount);
      await using store = await openQueueStore(address);
      expect([...(await taken(store))]).toEqual([...ids, '5000'].map(id => [id, 1]));
    },
  );
});
