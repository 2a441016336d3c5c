import { fileURLToPath } from 'node:url';
import { sleep, systemClock } from '@quorate/core';
import { skipReason } from '@quorate/servers';
import { describe, expect, test } from 'vitest';
import { type EngineName, engines, openQueueStore, startEngine } from '../engines.ts';
import { ToldProcess } from '../replication/told-process.ts';
import type { WorkerAsk, WorkerNews } from './worker.ts';

const queue = 'recovery/jobs';
/** Longer than the test may take: nothing comes back by the end of its lease. */
const leaseMs = 600_000;
const program = fileURLToPath(new URL('worker.ts', import.meta.url));

/** Kills a worker while its handler runs; how often a handler of another process was started on that job. */
async function killedInHandler(engine: EngineName): Promise<number> {
  await using stand = await startEngine(engine);
  const news: WorkerNews[] = [];
  const args = [JSON.stringify(stand.address), queue, '1', `${leaseMs}`, 'hangs'];
  const start = (): ToldProcess<WorkerAsk, WorkerNews> =>
    new ToldProcess<WorkerAsk, WorkerNews>(
      [process.execPath, program, ...args],
      each => news.push(each),
      () => {},
    );
  const handledCount = (): number => news.filter(({ did }) => did === 'handle').length;
  const until = async (isSo: () => boolean): Promise<void> => {
    while (!isSo()) await sleep(systemClock, 5);
  };
  await using first = start();
  await using second = start();
  await Promise.all([first.ready(), second.ready()]);
  // Known to each other before there is anything to do.
  const store = await openQueueStore(stand.address);
  while ((await store.state.scan(`${queue}/~owners/`)).items.length < 2) await sleep(systemClock, 5);
  await store.put([{ queue, message: { body: Buffer.from('"job"') } }]);
  await until(() => handledCount() === 1);
  const { items } = await store.inspect.messages(queue);
  const holder = items[0]?.owner?.startsWith(`${first.pid}-`) === true ? first : second;
  await holder[Symbol.asyncDispose]();
  await until(() => handledCount() === 2);
  await store[Symbol.asyncDispose]();
  return handledCount();
}

describe('what a killed process had in its hands is soon in those of another on the same machine', () => {
  for (const { name, program: needed } of engines) {
    const reason = needed === undefined ? undefined : skipReason(needed);
    test.skipIf(reason !== undefined)(
      `on ${name} (needs it${reason === undefined ? '' : `, ${reason}`})`,
      { timeout: 120_000 },
      async () => {
        expect(await killedInHandler(name)).toBe(2);
      },
    );
  }
});
