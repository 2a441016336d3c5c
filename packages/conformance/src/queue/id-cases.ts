import type { MessageId } from '@quorate/core';
import { equal, ok } from '../expect.ts';
import type { QueueCase } from './queue-case.ts';
import { messageOf } from './queue-stage.ts';

/** Ids that senders choose. */
export const idCases: readonly QueueCase[] = [
  {
    name: 'what is sent again under an id is there once, and the sender is told',
    async run(stage) {
      const q = stage.queue();
      const put = { queue: q, message: messageOf('first', { id: 'order-1' }) };
      const first = await stage.puts([put]);
      equal(first, [{ outcome: 'applied', id: 'order-1', duplicate: false }], 'the first');
      const again = { queue: q, message: messageOf('second', { id: 'order-1' }) };
      const both = await stage.puts([again, again]);
      const duplicate = { outcome: 'applied', id: 'order-1', duplicate: true };
      equal(both, [duplicate, duplicate], 'the others');
      equal(await stage.drained(q), ['first'], 'what is there');
    },
  },
  {
    name: 'ids are a queue’s own',
    async run(stage) {
      const p = stage.partition();
      for (const name of ['a', 'b']) await stage.put(`${p}/${name}`, name, { id: 'same' });
      equal(await stage.drained(`${p}/b`), ['b'], 'the other queue');
      equal(await stage.drained(`${p}/a`), ['a'], 'the first');
    },
  },
  {
    name: 'a duplicate is one while the message is out, delayed or held as well',
    async run(stage) {
      const q = stage.queue();
      const { readyAt, oneActivePerKey } = stage.capabilities.lease;
      await stage.put(q, 'out', { id: 'out', ...(oneActivePerKey ? { key: 'k' } : {}) });
      if (oneActivePerKey) await stage.put(q, 'held', { id: 'held', key: 'k' });
      await stage.one(q);
      if (readyAt) await stage.put(q, 'delayed', { id: 'delayed', delayMs: 600_000 });
      const ids = ['out', ...(readyAt ? ['delayed'] : []), ...(oneActivePerKey ? ['held'] : [])];
      const results = await stage.puts(ids.map(id => ({ queue: q, message: messageOf('again', { id }) })));
      ok(
        results.every(result => result.outcome === 'applied' && result.duplicate),
        'each is a duplicate',
      );
      equal(await stage.lease(q), [], 'what can be leased');
    },
  },
  {
    name: 'a duplicate is one while the message is out together with others, which have no id or are remembered',
    async run(stage) {
      for (const others of [[{}], [{ id: 'kept', rememberMs: 600_000 }], [{ id: 'other' }, {}]]) {
        const q = stage.queue();
        const options = [...others, { id: 'brief' }, ...others.filter(({ id }) => id === undefined)];
        await stage.puts(options.map(each => ({ queue: q, message: messageOf('a', each) })));
        equal((await stage.lease(q)).length, options.length, 'how many are out');
        const [result] = await stage.puts([{ queue: q, message: messageOf('again', { id: 'brief' }) }]);
        ok(result?.outcome === 'applied' && result.duplicate, 'it is a duplicate');
        equal(await stage.lease(q), [], 'what can be leased');
      }
    },
  },
  {
    name: 'an id can be used again once its message is gone, unless it is remembered for longer',
    async run(stage) {
      const q = stage.queue();
      await stage.put(q, 'a', { id: 'brief' });
      await stage.put(q, 'b', { id: 'long', rememberMs: 600_000 });
      equal(await stage.drained(q), ['a', 'b'], 'the first');
      const results = await stage.puts(
        ['brief', 'long'].map(id => ({ queue: q, message: messageOf('again', { id }) })),
      );
      const duplicates = results.map(result => result.outcome === 'applied' && result.duplicate);
      equal(duplicates, [false, true], 'which is a duplicate');
      equal((await stage.drained(q)).length, 1, 'how many came');
    },
  },
  {
    name: 'a remembered id is forgotten after its time',
    timed: true,
    async run(stage) {
      const q = stage.queue();
      const id = 'same' as MessageId;
      await stage.put(q, 'a', { id, rememberMs: stage.leaseMs });
      equal(await stage.drained(q), ['a'], 'the first');
      await stage.sleep(3 * stage.leaseMs);
      const [result] = await stage.puts([{ queue: q, message: messageOf('b', { id }) }]);
      equal(result, { outcome: 'applied', id, duplicate: false }, 'the second');
      equal(await stage.drained(q), ['b'], 'what is there');
    },
  },
  {
    name: 'of one message sent by many at once one is there',
    async run(stage) {
      const q = stage.queue();
      const stores = await Promise.all(Array.from({ length: 4 }, () => stage.open()));
      const put = { queue: q, message: messageOf('a', { id: 'same', rememberMs: 600_000 }) };
      const results = (await Promise.all(stores.map(store => stage.puts([put, put], store)))).flat();
      const firsts = results.filter(result => result.outcome === 'applied' && !result.duplicate);
      equal(firsts.length, 1, 'how many are told that theirs is the first');
      equal(await stage.drained(q), ['a'], 'what is there');
    },
  },
];
