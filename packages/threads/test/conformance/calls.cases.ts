import { spawn, type WorkerHandle } from '@quorate/threads';
import type { workshop } from '../fixtures/workshop.ts';
import { equal, ok, rejects, turns } from './check.ts';
import { type Case, fixture, type Subject } from './subject.ts';

type Workshop = WorkerHandle<typeof workshop>;

async function open({ backend }: Subject, outstandingMax?: number): Promise<Workshop> {
  return await spawn<typeof workshop>(fixture('workshop.ts'), { backend, outstandingMax });
}

/** Request and reply. */
export const callCases: readonly Case[] = [
  {
    name: 'a value goes there and back as a structured clone',
    async run(subject) {
      await using worker = await open(subject);
      const value = {
        map: new Map([['a', 1n]]),
        bytes: new Uint8Array([1, 2]),
        nothing: undefined,
        set: new Set([1]),
      };
      equal(await worker.call('echo', value), value);
      equal(await worker.call('nothing'), undefined);
      const date = (await worker.call('echo', new Date(5))) as Date;
      equal([date instanceof Date, date.getTime()], [true, 5]);
    },
  },
  {
    name: 'a promised result is awaited',
    async run(subject) {
      await using worker = await open(subject);
      equal(await worker.call('add', { a: 1, b: 2 }), 3);
    },
  },
  {
    name: 'a method can use the others through this',
    async run(subject) {
      await using worker = await open(subject);
      equal(await worker.call('countTwice'), 2);
    },
  },
  {
    name: 'calls reach the worker in order and may be answered out of order',
    async run(subject) {
      await using worker = await open(subject);
      const answers: unknown[] = [];
      const held = worker.call('hold').then(value => answers.push(value));
      const counts = [worker.call('count'), worker.call('count')].map(call =>
        call.then(value => answers.push(value)),
      );
      await Promise.all(counts);
      await worker.call('release');
      await held;
      equal(answers, [1, 2, 'released']);
    },
  },
  {
    name: 'input and result are copies',
    async run(subject) {
      await using worker = await open(subject);
      const input = { list: [1] };
      const echo = worker.call('echo', input);
      input.list.push(2);
      const result = (await echo) as typeof input;
      equal(result, { list: [1] });
      ok(result !== input, 'the result is another object');
    },
  },
  {
    name: 'what the transfer list names is moved, both ways',
    async run(subject) {
      await using worker = await open(subject);
      const bytes = new Uint8Array(8);
      const filling = worker.call('fill', bytes, { transfer: [bytes.buffer] });
      equal(bytes.byteLength, 0, 'length here after the call');
      equal(await filling, new Uint8Array(8).fill(7));
    },
  },
  {
    name: 'shared memory stays shared',
    async run(subject) {
      await using worker = await open(subject);
      const words = new Int32Array(new SharedArrayBuffer(4));
      await worker.call('wake', words);
      equal(words[0], 1);
    },
  },
  {
    name: 'an error keeps class, name, message, stack, code and cause',
    async run(subject) {
      await using worker = await open(subject);
      const type = await rejects(worker.call('fail', 'type'), { name: 'TypeError', message: /^Not that$/ });
      ok(type instanceof TypeError, 'a TypeError');
      ok(String(type.stack).includes('workshop'), 'the stack is the worker’s');
      const coded = await rejects(worker.call('failLater', 'coded'), { name: 'Error', code: 'ENOENT' });
      ok(coded.cause instanceof RangeError && coded.cause.message === 'Too far', 'the cause');
      await rejects(worker.call('fail', 'named'), { name: 'OddError' });
      const aggregate = await rejects(worker.call('fail', 'aggregate'), { name: 'AggregateError' });
      equal((aggregate as unknown as AggregateError).errors.length, 2);
      await rejects(worker.call('fail', 'uncloneable'), { message: /^Odd$/ });
    },
  },
  {
    name: 'a QuorateError keeps its three answers',
    async run(subject) {
      await using worker = await open(subject);
      const error = await rejects(worker.call('fail', 'quorate'), { code: 'LOCK_LOST', outcome: 'applied' });
      equal([error.name, error['retryable']], ['QuorateError', true]);
    },
  },
  {
    name: 'a thrown value that is no error arrives as it is',
    async run(subject) {
      await using worker = await open(subject);
      const thrown = await worker.call('fail', 'value').catch((value: unknown) => value);
      equal(thrown, { plain: 42 });
    },
  },
  {
    name: 'input that cannot be cloned is refused at the call, result at the answer',
    async run(subject) {
      await using worker = await open(subject);
      const error = await rejects(
        worker.call('echo', () => {}),
        { name: 'TypeError', message: /^Input of "echo"/ },
      );
      equal((error.cause as Error).name, 'DataCloneError');
      await rejects(worker.call('closure') as Promise<unknown>, {
        name: 'TypeError',
        message: /^Result of "closure"/,
      });
      equal(worker.outstandingCount, 0);
      equal(await worker.call('count'), 1, 'calls afterwards');
    },
  },
  {
    name: 'an odd error or promise is an error of the call, and the worker lives on',
    async run(subject) {
      await using worker = await open(subject);
      for (const method of ['fail', 'failLater'] as const)
        await rejects(worker.call(method, 'unreadable'), { name: 'TypeError', message: /cannot be read$/ });
      for (const kind of ['getter', 'method'])
        await rejects(worker.call('oddPromise', kind), { name: 'RangeError', message: /^Odd promise$/ });
      equal([await worker.call('count'), worker.outstandingCount], [1, 0]);
    },
  },
  {
    name: 'an unknown method is an error that names the known ones',
    async run(subject) {
      await using worker = await open(subject);
      const untyped = worker as unknown as WorkerHandle;
      const call = untyped.call.bind(untyped) as unknown as (method: string) => Promise<unknown>;
      for (const method of ['ad', 'constructor', '__proto__', 'toString', '']) {
        await rejects(call(method), { name: 'TypeError', message: /^Unknown method ".*": .*echo, count/ });
      }
      await rejects(call(3 as unknown as string), {
        name: 'TypeError',
        message: /^Method must be a string: received 3/,
      });
    },
  },
  {
    name: 'an abort rejects the call and reaches the handler',
    async run(subject) {
      await using worker = await open(subject);
      const controller = new AbortController();
      const call = worker.call('untilAborted', undefined, { signal: controller.signal });
      await worker.call('count'); // The call is running by now.
      controller.abort(new Error('No longer needed'));
      const error = await rejects(call, { code: 'ABORTED', outcome: 'unknown' });
      equal((error.cause as Error).message, 'No longer needed');
      equal(await worker.call('lastAbort'), 'ABORTED', 'what the handler saw');
    },
  },
  {
    name: 'a deadline rejects the call and reaches the handler',
    async run(subject) {
      await using worker = await open(subject);
      await rejects(worker.call('untilAborted', undefined, { deadlineMs: 20 }), {
        code: 'DEADLINE_EXCEEDED',
        outcome: 'unknown',
      });
      equal(await worker.call('lastAbort'), 'DEADLINE_EXCEEDED', 'what the handler saw');
    },
  },
  {
    name: 'a call that was given up before it began is never sent',
    async run(subject) {
      await using worker = await open(subject);
      await rejects(worker.call('count', undefined, { signal: AbortSignal.abort() }), {
        code: 'ABORTED',
        outcome: 'not-applied',
      });
      await rejects(worker.call('count', undefined, { deadlineMs: 0 }), {
        code: 'DEADLINE_EXCEEDED',
        outcome: 'not-applied',
      });
      await rejects(worker.call('count', undefined, { deadlineMs: -1 }), { name: 'RangeError' });
      equal(await worker.call('count'), 1);
    },
  },
  {
    name: 'unanswered calls are limited, and a call given up keeps its place until it is answered',
    async run(subject) {
      await using worker = await open(subject, 2);
      const controller = new AbortController();
      const first = worker.call('untilAborted', undefined, { signal: controller.signal });
      const second = worker.call('hold');
      const error = await rejects(worker.call('count'), { code: 'TOO_MANY_CALLS', outcome: 'not-applied' });
      equal(error['retryable'], true);
      controller.abort();
      await rejects(first, { code: 'ABORTED' });
      equal(worker.outstandingCount, 2, 'before the worker has heard of it');
      await rejects(worker.call('count'), { code: 'TOO_MANY_CALLS' });
      while (worker.outstandingCount > 1) await turns(1);
      await worker.call('release');
      equal(await second, 'released');
      equal(await worker.call('count'), 1, 'refused calls were never sent');
    },
  },
];
