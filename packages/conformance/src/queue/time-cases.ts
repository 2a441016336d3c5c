import { errorCode } from '@quorate/core';
import { equal, ok } from '../expect.ts';
import type { QueueCase } from './queue-case.ts';
import { done, lost, messageOf, textOf } from './queue-stage.ts';

/** Leases that end, delays, and waits. */
export const timeCases: readonly QueueCase[] = [
  {
    name: 'a message whose lease ends comes again, with a larger token and count',
    timed: true,
    async run(stage) {
      const q = stage.queue();
      await stage.put(q, 'a');
      const first = await stage.one(q, { leaseMs: stage.leaseMs });
      equal(await stage.lease(q), [], 'while it is held');
      const second = await stage.one(q, {}, await stage.open());
      equal([textOf(second), second.id], ['a', first.id], 'what comes');
      equal(second.deliveryCount, 2, 'how often it was handed out');
      ok(second.token > first.token, 'its token has grown');
      ok((await stage.store.now()) >= first.leasedUntilMs, 'not before the end of the lease');
      equal(await stage.settle(first), lost, 'settled by the first holder');
      equal(await stage.store.extend([first], 1000), [lost], 'extended by the first holder');
      equal(await stage.settle(second), done, 'settled by the second');
    },
  },
  {
    name: 'a settle after the end of the lease is applied, as long as nobody else has leased the message',
    async run(stage) {
      const q = stage.queue();
      for (const text of ['a', 'b', 'c']) await stage.put(q, text);
      const [a, b, c] = await stage.lease(q, { leaseMs: stage.leaseMs });
      await stage.sleep(2 * stage.leaseMs);
      equal((await stage.store.inspect.depth(q)).readyCount, 3, 'how many are ready');
      equal(await stage.settle(a!), done, 'acknowledged');
      equal(await stage.settle(b!, { type: 'release', delayMs: 600_000 }), done, 'released');
      equal(await stage.store.extend([c!], 600_000), [done], 'extended');
      equal(await stage.lease(q), [], 'what is ready now');
    },
  },
  {
    name: 'an extended lease lasts, and a started one charges an attempt',
    timed: true,
    async run(stage) {
      const q = stage.queue();
      for (const text of ['a', 'b']) await stage.put(q, text);
      const [a, b] = await stage.lease(q, { leaseMs: stage.leaseMs });
      equal(await stage.store.extend([a!], 600_000, { started: true }), [done], 'extension');
      const second = await stage.one(q, { leaseMs: stage.leaseMs });
      equal(textOf(second), 'b', 'the one whose lease was not extended');
      equal([second.deliveryCount, second.attemptCount], [2, 0], 'its counts');
      equal(
        await stage.store.extend([b!, second], stage.leaseMs, { started: true }),
        [lost, done],
        'both holders',
      );
      const third = await stage.one(q);
      equal([third.deliveryCount, third.attemptCount], [3, 1], 'its counts, the next time');
      equal(await stage.settle(a!, { type: 'release', delayMs: 0 }), done, 'the extended one is released');
      equal((await stage.one(q)).attemptCount, 1, 'its attempts');
    },
  },
  {
    name: 'a lease can be cut short by an extension',
    async run(stage) {
      const q = stage.queue();
      await stage.put(q, 'a');
      const first = await stage.one(q, { leaseMs: 600_000 });
      equal(await stage.store.extend([first], stage.leaseMs), [done], 'extension');
      equal((await stage.one(q)).deliveryCount, 2, 'it comes again');
    },
  },
  {
    name: 'a delayed message is not leased before its time, and those ready overtake it',
    timed: true,
    applies: ({ lease }) => lease.readyAt,
    async run(stage) {
      const q = stage.queue();
      const now = await stage.store.now();
      await stage.put(q, 'later', { delayMs: 2 * stage.leaseMs });
      await stage.put(q, 'then', { readyAtMs: now + stage.leaseMs });
      await stage.put(q, 'past', { readyAtMs: 1 });
      await stage.put(q, 'now');
      equal((await stage.lease(q, { messagesMax: 2 })).map(textOf), ['past', 'now'], 'at once');
      equal(textOf(await stage.one(q)), 'then', 'the first to wait for');
      ok((await stage.store.now()) >= now + stage.leaseMs, 'not before its time');
      equal(textOf(await stage.one(q)), 'later', 'the second');
      ok((await stage.store.now()) >= now + 2 * stage.leaseMs, 'not before its time either');
    },
  },
  {
    name: 'a message whose time was long ago is ready since it came, and overtakes nothing',
    applies: ({ lease }) => lease.readyAt,
    async run(stage) {
      const q = stage.queue();
      await stage.put(q, 'before');
      await stage.puts([
        { queue: q, message: messageOf('past', { readyAtMs: 1 }) },
        { queue: q, message: messageOf('beside') },
      ]);
      await stage.put(q, 'after', { readyAtMs: 0 });
      equal((await stage.lease(q)).map(textOf), ['before', 'past', 'beside', 'after'], 'in which order');
    },
  },
  {
    name: 'a delay is refused where an engine has none',
    applies: ({ lease }) => !lease.readyAt,
    async run(stage) {
      const q = stage.queue();
      for (const time of [{ delayMs: 5 }, { readyAtMs: 5 }]) {
        const thrown = await stage.thrown('a delay', () =>
          stage.store.put([{ queue: q, message: messageOf('a', time) }]),
        );
        equal(errorCode(thrown), 'UNSUPPORTED', 'the code');
      }
    },
  },
  {
    name: 'what is released for later comes then',
    timed: true,
    applies: ({ lease }) => lease.readyAt,
    async run(stage) {
      const q = stage.queue();
      for (const text of ['a', 'b']) await stage.put(q, text);
      const now = await stage.store.now();
      const first = await stage.one(q);
      equal(await stage.settle(first, { type: 'release', delayMs: stage.leaseMs }), done, 'release');
      equal((await stage.lease(q)).map(textOf), ['b'], 'meanwhile');
      equal(textOf(await stage.one(q)), 'a', 'then');
      ok((await stage.store.now()) >= now + stage.leaseMs, 'not before its time');
    },
  },
  {
    name: 'a lease waits for the first message, from whomever it comes',
    async run(stage) {
      const q = stage.queue();
      const other = await stage.open();
      const waiting = stage.one(q);
      await stage.put(q, 'a', {}, other);
      equal(textOf(await waiting), 'a', 'what came');
      const again = stage.one(q);
      await stage.put(q, 'b');
      equal(textOf(await again), 'b', 'what came of its own client');
    },
  },
  {
    name: 'a lease that waits in vain is empty',
    async run(stage) {
      const q = stage.queue();
      await stage.put(`${q}-more`, 'beside');
      equal(await stage.lease(q, { waitMs: 0 }), [], 'at once');
      const before = stage.subject.clock.monotonicMs();
      equal(await stage.lease(q, { waitMs: stage.leaseMs }), [], 'after a while');
      ok(stage.subject.clock.monotonicMs() >= before + stage.leaseMs, 'not before it is over');
    },
  },
  {
    name: 'a wait that is given up takes no message with it',
    async run(stage) {
      const q = stage.queue();
      const controller = new AbortController();
      const waiting = stage.lease(q, { waitMs: Number.POSITIVE_INFINITY, signal: controller.signal });
      const refused = stage.thrown('a wait that is given up', () => waiting);
      const putting = stage.put(q, 'a');
      controller.abort();
      const thrown = await refused.catch(() => undefined);
      await putting;
      if (thrown === undefined) {
        // The message was faster than the abort.
        await stage.settled(await waiting, { type: 'release', delayMs: 0 });
      } else equal(errorCode(thrown), 'ABORTED', 'the code');
      equal(textOf(await stage.one(q)), 'a', 'what is there');
    },
  },
  {
    name: 'a wait with a deadline ends by it',
    async run(stage) {
      const q = stage.queue();
      const options = { waitMs: Number.POSITIVE_INFINITY, deadlineMs: 20 };
      const thrown = await stage.thrown('a wait', () => stage.lease(q, options));
      equal(errorCode(thrown), 'DEADLINE_EXCEEDED', 'the code');
    },
  },
  {
    name: 'leases of an owner that died can be ended at once',
    applies: ({ abandon }) => abandon,
    async run(stage) {
      const q = stage.queue();
      for (const text of ['a', 'b', 'c']) await stage.put(q, text);
      await stage.lease(q, { messagesMax: 1, owner: 'living' });
      const [, ...lostOnes] = [undefined, ...(await stage.lease(q, { owner: 'dead' }))];
      equal(await stage.store.abandon(q, 'nobody'), 0, 'of an owner that has none');
      const other = await stage.open();
      equal(await other.abandon(q, 'dead'), 2, 'how many leases ended');
      const again = await stage.lease(q);
      equal(again.map(textOf), ['b', 'c'], 'what comes again');
      equal(await stage.settle(lostOnes[0]!), lost, 'settled by the dead one');
    },
  },
  {
    name: 'the end of an owner’s leases is refused where an engine cannot bring it about',
    applies: ({ abandon }) => !abandon,
    async run(stage) {
      const thrown = await stage.thrown('abandon', () => stage.store.abandon(stage.queue(), 'dead'));
      equal(errorCode(thrown), 'UNSUPPORTED', 'the code');
    },
  },
];
