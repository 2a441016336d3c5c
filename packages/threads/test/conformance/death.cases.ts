import { spawn, type WorkerHandle } from '@quorate/threads';
import type { janitor } from '../fixtures/cleans-up.ts';
import type { workshop } from '../fixtures/workshop.ts';
import { equal, ok, rejects, turns } from './check.ts';
import { type Case, fixture, type Subject } from './subject.ts';

async function open({ backend }: Subject): Promise<WorkerHandle<typeof workshop>> {
  return await spawn<typeof workshop>(fixture('workshop.ts'), { backend, name: 'w' });
}

async function openJanitor(
  { backend }: Subject,
  trouble?: 'throws' | 'hangs',
): Promise<{ worker: WorkerHandle<typeof janitor>; words: Int32Array }> {
  const words = new Int32Array(new SharedArrayBuffer(4));
  const data = { words, ...(trouble && { trouble }) };
  return {
    worker: await spawn<typeof janitor>(fixture('cleans-up.ts'), { backend, name: 'w', data }),
    words,
  };
}

const isolated = (subject: Subject): boolean => subject.isolated;

/** Ways in which only a thread of its own can die: the method that does it, and what is told. */
const deaths: readonly {
  method: 'throwLater' | 'rejectLater' | 'exitAsPlatform';
  reason: string;
  cause?: RegExp;
}[] = [
  { method: 'throwLater', reason: 'threw', cause: /Thrown later/ },
  { method: 'rejectLater', reason: 'threw', cause: /Rejected later/ },
  { method: 'exitAsPlatform', reason: 'exited' },
];

/** Whatever ends a worker, nobody is left waiting. */
export const deathCases: readonly Case[] = [
  {
    name: 'a thousand outstanding calls all reject when the worker is terminated',
    async run(subject) {
      const worker = await open(subject);
      const calls = Array.from({ length: 1_000 }, () => worker.call('never'));
      equal(worker.outstandingCount, 1_000);
      const lost = calls.map(call =>
        rejects(call, {
          code: 'WORKER_LOST',
          outcome: 'unknown',
          message: /^Worker "w" was terminated before it answered "never"$/,
        }),
      );
      const exit = worker.terminate();
      await Promise.all(lost);
      equal(await exit, { name: 'w', reason: 'terminated', code: 1, cause: undefined });
      equal(worker.outstandingCount, 0);
    },
  },
  {
    name: 'a call to a worker that has ended is refused, not lost',
    async run(subject) {
      const worker = await open(subject);
      await worker.terminate();
      await rejects(worker.call('count'), { code: 'WORKER_LOST', outcome: 'not-applied' });
    },
  },
  {
    name: 'a worker can leave from within, and its outstanding calls reject',
    async run(subject) {
      const worker = await open(subject);
      const expected = { code: 'WORKER_LOST', outcome: 'unknown', message: /exited with code 3/ };
      await Promise.all([rejects(worker.call('never'), expected), rejects(worker.call('exit', 3), expected)]);
      equal(await worker.exited, { name: 'w', reason: 'exited', code: 3, cause: undefined });
    },
  },
  {
    name: 'an answer sent before the end is delivered',
    async run(subject) {
      const worker = await open(subject);
      equal(await worker.call('exitAfterAnswer', 0), 'answered');
      equal((await worker.exited).reason, 'exited');
    },
  },
  {
    name: 'answers sent before an uncaught error are delivered, however many',
    applies: isolated,
    async run(subject) {
      const worker = await open(subject);
      const calls = Array.from({ length: 4_000 }, () => worker.call('line'));
      await worker.call('answerAllAndThrow').catch(() => {});
      const answers = await Promise.allSettled(calls);
      equal(answers.filter(({ status }) => status === 'rejected').length, 0, 'calls that were lost');
      equal((await worker.exited).reason, 'threw');
    },
  },
  ...deaths.map(
    ({ method, reason, cause }): Case => ({
      name: `the worker is lost by ${method}, and a thousand outstanding calls reject`,
      applies: isolated,
      async run(subject) {
        const worker = await open(subject);
        const calls = Array.from({ length: 999 }, () => worker.call('never'));
        calls.push(worker.call(method, 0));
        const lost = calls.map(call => rejects(call, { code: 'WORKER_LOST', outcome: 'unknown' }));
        for (const error of await Promise.all(lost)) {
          if (cause !== undefined)
            ok(cause.test((error.cause as Error).message), `the cause is ${String(error.cause)}`);
        }
        const exit = await worker.exited;
        equal(exit.reason, reason);
        if (cause !== undefined) {
          ok(
            exit.cause instanceof RangeError && cause.test(exit.cause.message),
            `the cause is ${String(exit.cause)}`,
          );
        }
      },
    }),
  ),
  {
    name: 'an endless loop ends by deadline and terminate, and has stopped when the exit is told',
    applies: isolated,
    async run(subject) {
      const worker = await open(subject);
      const words = new Int32Array(new SharedArrayBuffer(4));
      await rejects(worker.call('loop', words, { deadlineMs: 50 }), {
        code: 'DEADLINE_EXCEEDED',
        outcome: 'unknown',
      });
      equal((await worker.terminate()).reason, 'terminated');
      const [stopped] = words;
      await turns(10);
      equal(words[0], stopped, 'the count after the exit');
    },
  },
  {
    name: 'a worker that is parked can be terminated',
    applies: isolated,
    async run(subject) {
      const worker = await open(subject);
      const words = new Int32Array(new SharedArrayBuffer(8));
      const parked = worker.call('park', { words });
      const asleep = worker.call('parkAsync', words);
      const lost = [rejects(parked, { code: 'WORKER_LOST' }), rejects(asleep, { code: 'WORKER_LOST' })];
      await worker.terminate();
      await Promise.all(lost);
    },
  },
  {
    name: 'terminating an inline worker aborts its handlers and silences them',
    applies: subject => !subject.isolated,
    async run(subject) {
      const worker = await open(subject);
      const lost = rejects(worker.call('untilAborted'), { code: 'WORKER_LOST', outcome: 'unknown' });
      const words = new Int32Array(new SharedArrayBuffer(4));
      const noted = rejects(worker.call('noteAbort', words), { code: 'WORKER_LOST' });
      await worker.call('count');
      await worker.terminate();
      await Promise.all([lost, noted]);
      equal(words[0], 1, 'the handler has heard of it');
    },
  },
  {
    name: 'closing finishes what runs, refuses what is new, cleans up, and then ends',
    async run(subject) {
      const { worker, words } = await openJanitor(subject);
      const running = worker.call('linger');
      const closing = worker.close();
      await rejects(worker.call('linger'), {
        code: 'WORKER_LOST',
        outcome: 'not-applied',
        message: /is closing/,
      });
      equal(await running, 'finished');
      equal(await closing, { name: 'w', reason: 'closed', code: 0, cause: undefined });
      equal(words[0], 1, 'cleaned up');
      equal(await worker.close(), await closing, 'closing again');
      equal(await worker.terminate(), await closing, 'terminating afterwards');
    },
  },
  {
    name: 'a worker that leaves while it is closing has left, not closed',
    async run(subject) {
      const worker = await open(subject);
      const lost = rejects(worker.call('exitWhenClosing', 3), {
        code: 'WORKER_LOST',
        message: /exited with code 3/,
      });
      equal(await worker.close(), { name: 'w', reason: 'exited', code: 3, cause: undefined });
      await lost;
    },
  },
  {
    name: 'closing that takes too long ends by termination',
    async run(subject) {
      const { worker, words } = await openJanitor(subject, 'hangs');
      equal((await worker.close({ deadlineMs: 300 })).reason, 'terminated');
      equal(words[0], 1, 'clean-up had begun');
    },
  },
  {
    name: 'closing that is aborted ends by termination',
    async run(subject) {
      const worker = await open(subject);
      const lost = rejects(worker.call('never'), { code: 'WORKER_LOST' });
      const controller = new AbortController();
      const closing = worker.close({ signal: controller.signal });
      controller.abort();
      equal((await closing).reason, 'terminated');
      await lost;
    },
  },
  {
    name: 'clean-up that throws is told',
    async run(subject) {
      const { worker } = await openJanitor(subject, 'throws');
      const exit = await worker.close();
      equal([exit.reason, (exit.cause as Error).message], ['threw', 'Clean-up trouble']);
    },
  },
];
