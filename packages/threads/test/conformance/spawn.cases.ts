import { channel, spawn } from '@quorate/threads';
import type { workshop } from '../fixtures/workshop.ts';
import { equal, ok, rejects } from './check.ts';
import { type Case, fixture, type Subject } from './subject.ts';

/** A module that is not there, one that does not parse, one that throws, and so on: all have to tell. */
const failures: readonly { name: string; url: URL; cause: RegExp }[] = [
  { name: 'is not found', url: fixture('not-there.ts'), cause: /not-there/ },
  { name: 'has a syntax error', url: new URL('data:text/javascript,export%20const%20%3D'), cause: /./ },
  { name: 'throws at its top level', url: fixture('throws-at-top.ts'), cause: /^Top-level trouble$/ },
  { name: 'throws in its set-up', url: fixture('throws-in-set-up.ts'), cause: /^Set-up trouble$/ },
  { name: 'exports no service', url: fixture('no-service.ts'), cause: /exports none$/ },
  { name: 'exports two services', url: fixture('two-services.ts'), cause: /exports 2$/ },
];

/** Starting a worker, or failing to. */
export const spawnCases: readonly Case[] = [
  ...failures.map(
    ({ name, url, cause }): Case => ({
      name: `a module that ${name} is an error with its cause`,
      async run({ backend }) {
        const error = await rejects(spawn(url, { backend, name: 'lame' }), {
          code: 'SPAWN_FAILED',
          outcome: 'not-applied',
          message: /^Worker "lame" threw before it was ready: /,
        });
        ok(
          error.cause instanceof Error && cause.test(error.cause.message),
          `the cause is ${String(error.cause)}`,
        );
      },
    }),
  ),
  {
    name: 'a worker that leaves before it is ready is an error',
    async run({ backend }) {
      await rejects(spawn(fixture('exits-in-set-up.ts'), { backend }), {
        code: 'SPAWN_FAILED',
        message: /exited with code 5 before it was ready$/,
      });
    },
  },
  {
    name: 'a module that never finishes loading is an error by the deadline',
    async run({ backend }) {
      const error = await rejects(spawn(fixture('never-loads.ts'), { backend, deadlineMs: 500 }), {
        outcome: 'not-applied',
      });
      // Node notices that nothing can ever happen in such a thread and ends it before.
      ok(['SPAWN_FAILED', 'DEADLINE_EXCEEDED'].includes(String(error['code'])), `${error.stack}`);
    },
  },
  {
    name: 'a spawn that is aborted midway ends its worker',
    async run({ backend }) {
      const words = new Int32Array(new SharedArrayBuffer(4));
      const controller = new AbortController();
      const spawning = spawn(fixture('never-loads.ts'), { backend, signal: controller.signal, data: words });
      await Promise.resolve();
      controller.abort(new Error('Changed my mind'));
      const error = await rejects(spawning, { code: 'ABORTED', outcome: 'not-applied' });
      equal((error.cause as Error).message, 'Changed my mind');
      await rejects(spawn(fixture('workshop.ts'), { backend, signal: controller.signal }), {
        code: 'ABORTED',
      });
    },
  },
  {
    name: 'bad arguments are errors at the call',
    async run({ backend }) {
      await rejects(spawn('./worker.ts', { backend }), {
        name: 'TypeError',
        message: /must be absolute.*worker\.ts/,
      });
      await rejects(spawn(fixture('workshop.ts'), { backend, data: () => {} }), {
        name: 'TypeError',
        message: /^Start data of ".*" cannot be sent: ./,
      });
      await rejects(spawn(fixture('workshop.ts'), { backend, outstandingMax: 0 }), { name: 'RangeError' });
      await rejects(spawn(fixture('workshop.ts'), { backend, deadlineMs: Number.NaN }), {
        name: 'RangeError',
      });
    },
  },
  {
    name: 'name and start data arrive, the data as a copy',
    async run({ backend }) {
      const data = { greeting: 'hello' };
      await using worker = await spawn<typeof workshop>(fixture('workshop.ts'), {
        backend,
        name: 'smith',
        data,
      });
      data.greeting = 'changed';
      equal(await worker.call('who'), { name: 'smith', data: { greeting: 'hello' }, member: undefined });
    },
  },
  {
    name: 'start data can hold a port',
    async run(subject: Subject) {
      const [here, there] = channel<string, string>();
      const answer = new Promise(resolve => here.addEventListener('message', event => resolve(event.data)));
      here.start();
      await using _worker = await spawn(fixture('greets-port.ts'), {
        backend: subject.backend,
        data: { deep: [there] },
        transfer: [there],
      });
      here.postMessage('ping');
      equal(await answer, 'pong to ping');
      here.close();
    },
  },
  {
    name: 'each worker is set up for itself',
    async run({ backend }) {
      await using left = await spawn<typeof workshop>(fixture('workshop.ts'), { backend });
      await using right = await spawn<typeof workshop>(fixture('workshop.ts'), { backend });
      await left.call('count');
      equal([await left.call('count'), await right.call('count')], [2, 1]);
      ok(left.name !== right.name, 'names differ by default');
    },
  },
];
