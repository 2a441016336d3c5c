import {
  channel,
  connect,
  createTeam,
  listen,
  type Port,
  respond,
  spawn,
  type Team,
  type WorkerHandle,
} from '@quorate/threads';
import { sums, type workshop } from '../fixtures/workshop.ts';
import { equal, rejects } from './check.ts';
import { type Case, fixture, type Subject } from './subject.ts';

async function open({ backend }: Subject, team?: Team): Promise<WorkerHandle<typeof workshop>> {
  return await spawn<typeof workshop>(fixture('workshop.ts'), { backend, team });
}

/** The next message of a port. */
function next<T>(port: Port<never, T>): Promise<T> {
  return new Promise(resolve => {
    const listening = listen(port, message => {
      listening[Symbol.dispose]();
      resolve(message);
    });
  });
}

/** Two workers, the first of which calls the second over a port of their own. */
async function pair(
  subject: Subject,
  team?: Team,
): Promise<[WorkerHandle<typeof workshop>, WorkerHandle<typeof workshop>]> {
  const [asking, answering] = [await open(subject, team), await open(subject, team)];
  const [left, right] = channel<never>();
  await answering.call('respond', right, { transfer: [right] });
  await asking.call('connect', { port: left, peer: answering.member }, { transfer: [left] });
  return [asking, answering];
}

/** Ports, and calls over ports. */
export const portCases: readonly Case[] = [
  {
    name: 'a channel carries messages both ways, in order, kept until somebody listens',
    async run() {
      const [left, right] = channel<number, string>();
      for (let value = 0; value < 100; value++) left.postMessage(value);
      const received: number[] = [];
      await new Promise<void>(resolve => {
        listen(right, value => {
          received.push(value);
          if (received.length === 100) resolve();
        });
      });
      equal(received, [...Array(100).keys()]);
      right.postMessage('back');
      equal(await next(left), 'back');
      left.close();
    },
  },
  {
    name: 'a port can be given to a worker, and a worker can give one',
    async run(subject) {
      await using worker = await open(subject);
      const [here, there] = channel<number, number>();
      await worker.call('double', there, { transfer: [there] });
      here.postMessage(21);
      equal(await next(here), 42);
      here.close();
      const { port } = await worker.call('openDouble');
      port.postMessage(4);
      equal(await next(port), 8);
      port.close();
    },
  },
  {
    name: 'a port that is not in the transfer list is refused',
    async run(subject) {
      await using worker = await open(subject);
      const [here, there] = channel<number, number>();
      await rejects(worker.call('double', there), {
        name: 'TypeError',
        message: /^Input of "double" cannot be sent/,
      });
      here.close();
    },
  },
  {
    name: 'two workers call each other over a port',
    async run(subject) {
      const [asking, answering] = await pair(subject);
      equal(await asking.call('ask', { a: 1, b: 2 }), 3);
      await asking.close();
      await answering.close();
    },
  },
  {
    name: 'a call over a port rejects when the other end stops answering',
    async run(subject) {
      const [asking, answering] = await pair(subject);
      const lost = rejects(asking.call('askNever') as Promise<unknown>, {
        code: 'WORKER_LOST',
        outcome: 'unknown',
      });
      await asking.call('ask', { a: 1, b: 2 });
      await answering.call('stopResponding');
      await lost;
      await rejects(asking.call('ask', { a: 1, b: 2 }), { code: 'WORKER_LOST', outcome: 'not-applied' });
      await asking.close();
      await answering.close();
    },
  },
  {
    name: 'a call over a port rejects when the thread at the other end dies, given its team',
    async run(subject) {
      const [asking, answering] = await pair(subject, createTeam());
      const lost = rejects(asking.call('askNever') as Promise<unknown>, {
        code: 'WORKER_LOST',
        outcome: 'unknown',
      });
      await asking.call('ask', { a: 1, b: 2 });
      void answering.terminate();
      await lost;
      await asking.close();
    },
  },
  {
    name: 'a call over a port rejects when the thread at the other end dies',
    applies: subject => subject.portsTellClose,
    async run(subject) {
      const [asking, answering] = await pair(subject);
      const lost = rejects(asking.call('askNever') as Promise<unknown>, {
        code: 'WORKER_LOST',
        outcome: 'unknown',
      });
      await asking.call('ask', { a: 1, b: 2 });
      void answering.terminate();
      await lost;
      await asking.close();
    },
  },
  {
    name: 'a connection that is disposed rejects its calls',
    async run() {
      const [left, right] = channel<never>();
      using _answering = respond(right, sums);
      const connection = connect<typeof sums>(left);
      equal(await connection.call('add', { a: 2, b: 3 }), 5);
      const never = connection.call('never');
      connection[Symbol.dispose]();
      await rejects(never, {
        code: 'WORKER_LOST',
        message: /^The connection was disposed before it answered "never"$/,
      });
      await rejects(connection.call('never'), {
        code: 'WORKER_LOST',
        message: /^The connection was disposed: /,
      });
    },
  },
];
