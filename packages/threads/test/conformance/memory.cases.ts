import { canPark, park, parkAsync, spawn, usefulThreads, wake, type WorkerHandle } from '@quorate/threads';
import { Counter, type workshop } from '../fixtures/workshop.ts';
import { equal, ok, rejects, turns } from './check.ts';
import { type Case, fixture, type Subject } from './subject.ts';

async function open({ backend }: Subject): Promise<WorkerHandle<typeof workshop>> {
  return await spawn<typeof workshop>(fixture('workshop.ts'), { backend });
}

function sharedWords(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(16));
}

/** Wakes until somebody was woken: the waiter may not be asleep yet. */
async function wakeOne(words: Int32Array): Promise<void> {
  while (wake(words, 0, 1) === 0) await turns(1);
}

/** Shared memory, parking and waking. */
export const memoryCases: readonly Case[] = [
  {
    name: 'a parked thread is woken by another',
    applies: subject => subject.isolated,
    async run(subject) {
      await using worker = await open(subject);
      const words = sharedWords();
      const parked = worker.call('park', { words });
      await wakeOne(words);
      equal(await parked, 'ok');
      equal(await worker.call('park', { words, deadlineMs: 5 }), 'timed-out');
      words[0] = 1;
      equal(await worker.call('park', { words }), 'not-equal');
    },
  },
  {
    name: 'a task that waits is woken by a worker, and the other way round',
    async run(subject) {
      await using worker = await open(subject);
      const words = sharedWords();
      const waiting = parkAsync(words, 0, 0);
      equal(await worker.call('wake', words), 1);
      equal(await waiting, 'ok');
      words[0] = 0;
      const asleep = worker.call('parkAsync', words);
      await wakeOne(words);
      equal(await asleep, 'ok');
    },
  },
  {
    name: 'waiting ends by deadline, by abort, and at once when the word differs',
    async run() {
      const words = sharedWords();
      equal(await parkAsync(words, 0, 1), 'not-equal');
      equal(await parkAsync(words, 0, 0, { deadlineMs: 5 }), 'timed-out');
      const controller = new AbortController();
      const waiting = parkAsync(words, 0, 0, { signal: controller.signal });
      controller.abort();
      await rejects(waiting, { code: 'ABORTED', outcome: 'not-applied' });
      await rejects(parkAsync(words, 0, 0, { signal: controller.signal }), { code: 'ABORTED' });
    },
  },
  {
    name: 'a deadline that is no number is refused, for the engine takes it for never',
    async run() {
      const words = sharedWords();
      const expected = { name: 'RangeError', message: /^Deadline in ms must be a number of at least 0/ };
      for (const deadlineMs of [-1, Number.NaN]) {
        await rejects(parkAsync(words, 0, 0, { deadlineMs }), expected);
        await rejects(
          Promise.resolve().then(() => park(words, 0, 1, { deadlineMs })),
          expected,
        );
      }
    },
  },
  {
    name: 'a wait that was aborted passes its wake on',
    async run() {
      const words = sharedWords();
      const controller = new AbortController();
      const gone = parkAsync(words, 0, 0, { signal: controller.signal });
      const stays = parkAsync(words, 0, 0);
      controller.abort();
      await rejects(gone, { code: 'ABORTED' });
      equal(wake(words, 0, 1), 1);
      equal(await stays, 'ok');
    },
  },
  {
    name: 'a thread that may not block is told so',
    async run() {
      const words = sharedWords();
      if (canPark()) equal(park(words, 0, 0, { deadlineMs: 0 }), 'timed-out');
      else {
        const parking = Promise.resolve().then(() => park(words, 0, 0, { deadlineMs: 0 }));
        await rejects(parking, { code: 'UNSUPPORTED', outcome: 'not-applied', message: /use parkAsync/ });
      }
    },
  },
  {
    name: 'several workers count in one struct without losing any',
    async run(subject) {
      const workers = await Promise.all([open(subject), open(subject), open(subject)]);
      const buffer = new SharedArrayBuffer(Counter.size);
      await Promise.all(workers.map(worker => worker.call('adds', { buffer, times: 50_000 })));
      equal(Counter.view(buffer).adds[0], 150_000);
      await Promise.all(workers.map(worker => worker.close()));
    },
  },
  {
    name: 'there is at least one useful thread',
    async run() {
      ok(Number.isInteger(usefulThreads()) && usefulThreads() >= 1, `${usefulThreads()} is a count`);
    },
  },
];
