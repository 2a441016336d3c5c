import { equal, ok } from '../expect.ts';
import type { QueueCase } from './queue-case.ts';
import { done, lost, messageOf, textOf } from './queue-stage.ts';

/** Messages from `put` to their end. */
export const deliveryCases: readonly QueueCase[] = [
  {
    name: 'messages are leased in the order in which they were put, each once',
    async run(stage) {
      const q = stage.queue();
      const texts = Array.from({ length: 25 }, (_, index) => `m${index}`);
      await stage.puts(texts.slice(0, 20).map(text => ({ queue: q, message: messageOf(text) })));
      for (const text of texts.slice(20)) await stage.put(q, text);
      const other = await stage.open();
      const first = await stage.lease(q, { messagesMax: 7 });
      const second = await stage.lease(q, { messagesMax: 7 }, other);
      const rest = await stage.lease(q, { messagesMax: 100 });
      equal([...first, ...second, ...rest].map(textOf), texts, 'in turn by two clients');
      equal(await stage.lease(q), [], 'when all are out');
    },
  },
  {
    name: 'a message comes as it was sent, with its lease',
    async run(stage) {
      const q = stage.queue();
      const headers = { plain: 'text', 'ünï çödé': '😀 "quoted"\n', empty: '' };
      const body = Uint8Array.from({ length: 1000 }, (_, index) => index % 256);
      const before = await stage.store.now();
      const [result] = await stage.puts([{ queue: q, message: { body, headers } }]);
      ok(result?.outcome === 'applied' && !result.duplicate, 'it is put');
      const message = await stage.one(q, { leaseMs: 60_000 });
      const after = await stage.store.now();
      equal([message.id, message.queue], [result.id, q], 'its names');
      equal(message.body, body, 'its body');
      equal(message.headers, headers, 'its headers');
      equal([message.lane, message.key], [0, undefined], 'its lane and key');
      equal([message.deliveryCount, message.attemptCount], [1, 0], 'its counts');
      const slack = stage.capabilities.leaseGranularityMs;
      ok(message.putAtMs >= before - slack && message.putAtMs <= after + slack, 'when it was put');
      ok(message.leasedUntilMs >= before + 60_000 - slack, 'its lease is not shorter than asked for');
      ok(message.leasedUntilMs <= after + 60_000 + slack, 'nor longer');
    },
  },
  {
    name: 'what is acknowledged is gone, and what is not is not',
    timed: true,
    async run(stage) {
      const q = stage.queue();
      for (const text of ['a', 'b', 'c']) await stage.put(q, text);
      const [a, b, c] = await stage.lease(q, { leaseMs: stage.leaseMs });
      await stage.settled([a!, c!]);
      equal(textOf(await stage.one(q)), 'b', 'what comes again');
      ok(b !== undefined, 'it was leased');
      equal(await stage.lease(q), [], 'beside it');
    },
  },
  {
    name: 'a settlement is applied once',
    async run(stage) {
      const q = stage.queue();
      await stage.put(q, 'a');
      const message = await stage.one(q);
      equal(await stage.settle(message), done, 'the first');
      equal(await stage.settle(message), lost, 'the second');
      equal(await stage.settle(message, { type: 'release', delayMs: 0 }), lost, 'another action');
      equal(await stage.lease(q), [], 'what is left');
    },
  },
  {
    name: 'of messages settled together each is judged by itself',
    async run(stage) {
      const q = stage.queue();
      for (const text of ['a', 'b', 'c']) await stage.put(q, text);
      const [a, b, c] = (await stage.lease(q)) as Awaited<ReturnType<typeof stage.one>>[];
      equal(await stage.settle(b!), done, 'the one in the middle');
      const action = { type: 'acknowledge' } as const;
      const results = await stage.store.settle([a!, b!, c!].map(lease => ({ lease, action })));
      equal(results, [done, lost, done], 'the three');
    },
  },
  {
    name: 'what is released comes again behind what is ready, with its count, and its holder has lost it',
    async run(stage) {
      const q = stage.queue();
      for (const text of ['a', 'b', 'c']) await stage.put(q, text);
      const [a] = await stage.lease(q, { messagesMax: 1 });
      const headers = { cause: 'busy' };
      equal(await stage.settle(a!, { type: 'release', delayMs: 0, headers }), done, 'release');
      equal(await stage.settle(a!), lost, 'acknowledgement afterwards');
      const again = await stage.lease(q);
      equal(again.map(textOf), ['b', 'c', 'a'], 'what comes');
      const released = again.find(message => textOf(message) === 'a')!;
      equal(released.deliveryCount, 2, 'how often it was handed out');
      equal(released.headers, headers, 'the headers that it was released with');
      ok(released.token > a!.token, 'its token has grown');
    },
  },
  {
    name: 'a lease charges an attempt to those that start at once, and a release takes one back that was not made',
    async run(stage) {
      const q = stage.queue();
      for (const text of ['a', 'b', 'c']) await stage.put(q, text);
      const [a, b, c] = await stage.lease(q, { startedMax: 2 });
      equal(
        [a!, b!, c!].map(message => message.attemptCount),
        [1, 1, 0],
        'the attempts of each',
      );
      const unstarted = { type: 'release', delayMs: 0, unstarted: true } as const;
      equal(await stage.settle(a!, unstarted), done, 'release of one that did not start');
      equal(await stage.settle(b!, { type: 'release', delayMs: 0 }), done, 'release of one that did');
      equal(await stage.settle(c!, unstarted), done, 'release of one that was charged nothing');
      const again = (await stage.lease(q)).map(message => [textOf(message), message.attemptCount]);
      equal(
        again,
        [
          ['a', 0],
          ['b', 1],
          ['c', 0],
        ],
        'what comes again',
      );
    },
  },
  {
    name: 'headers of a release are laid over those that a message has',
    async run(stage) {
      const q = stage.queue();
      await stage.put(q, 'a', { headers: { kept: '1', changed: '1' } });
      const headers = { changed: '2', added: '2' };
      equal(
        await stage.settle(await stage.one(q), { type: 'release', delayMs: 0, headers }),
        done,
        'release',
      );
      equal((await stage.one(q)).headers, { kept: '1', changed: '2', added: '2' }, 'its headers');
    },
  },
  {
    name: 'what moves stands at the end of another queue, as new, and is gone from the first',
    async run(stage) {
      const p = stage.partition();
      const [from, to] = [`${p}/from`, `${p}/to/dead`];
      await stage.put(to, 'before');
      await stage.put(from, 'a', { headers: { kept: '1' } });
      const message = await stage.one(from);
      const move = { type: 'move', queue: to, headers: { cause: 'poison' } } as const;
      equal(await stage.settle(message, move), done, 'move');
      equal(await stage.settle(message), lost, 'acknowledgement afterwards');
      equal(await stage.lease(from), [], 'what is left of the first');
      const [before, moved] = await stage.lease(to);
      equal(
        [before, moved].map(each => each && textOf(each)),
        ['before', 'a'],
        'the other',
      );
      equal(moved!.headers, { kept: '1', cause: 'poison' }, 'its headers');
      equal([moved!.deliveryCount, moved!.attemptCount], [1, 0], 'its counts');
      equal([moved!.queue, moved!.id], [to, message.id], 'its names');
    },
  },
  {
    name: 'what moves is never taken for a duplicate',
    async run(stage) {
      const p = stage.partition();
      const [first, other] = [`${p}/first`, `${p}/other`];
      const options = { id: 'same', rememberMs: 600_000 };
      await stage.put(first, 'one', options);
      await stage.put(other, 'two', options);
      const action = { type: 'move', queue: other } as const;
      equal(await stage.settle(await stage.one(first), action), done, 'to where one of its id waits');
      equal(await stage.drained(other), ['two', 'one'], 'what is there');
      await stage.put(first, 'three', { id: 'third', rememberMs: 600_000 });
      equal(await stage.settle(await stage.one(first), action), done, 'away');
      equal(await stage.settle(await stage.one(other), { type: 'move', queue: first }), done, 'and back');
      equal(await stage.drained(first), ['three'], 'to where its id is remembered');
    },
  },
  {
    name: 'tokens grow from lease to lease, whoever leases',
    async run(stage) {
      const p = stage.partition();
      const other = await stage.open();
      const tokens: bigint[] = [0n];
      for (let round = 0; round < 6; round++) {
        const q = `${p}/${round % 2}`;
        const store = round % 3 === 0 ? other : stage.store;
        await stage.put(q, 'a', {}, store);
        const message = await stage.one(q, {}, store);
        tokens.push(message.token);
        await stage.settled([message]);
      }
      const isGrowing = tokens.every((token, index) => index === 0 || token > tokens[index - 1]!);
      ok(isGrowing, `each is larger than the one before: ${tokens.join()}`);
    },
  },
  {
    name: 'messages of many queues are put together',
    async run(stage) {
      const p = stage.partition();
      const names = ['a', 'b', 'a', 'c', 'b'];
      const results = await stage.puts(
        names.map((name, index) => ({ queue: `${p}/${name}`, message: messageOf(`${name}${index}`) })),
      );
      ok(
        results.every(result => result.outcome === 'applied'),
        'each has its answer',
      );
      const ids = new Set(results.map(result => (result.outcome === 'applied' ? result.id : '')));
      equal(ids.size, names.length, 'how many ids there are');
      equal(await stage.drained(`${p}/a`), ['a0', 'a2'], 'the first queue');
      equal(await stage.drained(`${p}/b`), ['b1', 'b4'], 'the second');
      equal(await stage.drained(`${p}/c`), ['c3'], 'the third');
    },
  },
  {
    name: 'bodies of no byte and of the most are kept, and one byte more is refused with the limit',
    async run(stage) {
      const q = stage.queue();
      const { bodyMaxBytes } = stage.capabilities;
      await stage.put(q, '');
      const largest = new Uint8Array(bodyMaxBytes).fill(7);
      await stage.puts([{ queue: q, message: { body: largest } }]);
      const thrown = await stage.thrown('a body that is too large', () =>
        stage.store.put([{ queue: q, message: { body: new Uint8Array(bodyMaxBytes + 1) } }]),
      );
      ok(
        thrown instanceof RangeError && thrown.message.includes(`${bodyMaxBytes}`),
        'the error names the limit',
      );
      const [empty, large] = await stage.lease(q);
      equal([empty!.body.length, large!.body.length], [0, bodyMaxBytes], 'their sizes');
      ok(
        large!.body.every(byte => byte === 7),
        'what is in it',
      );
    },
  },
  {
    name: 'bytes that were handed over or received are nobody else’s',
    async run(stage) {
      const q = stage.queue();
      const body = Uint8Array.of(1, 2, 3);
      const headers = { a: '1' };
      const put = stage.store.put([{ queue: q, message: { body, headers } }]);
      body.fill(9);
      headers.a = '9';
      await put;
      const first = await stage.one(q, { leaseMs: stage.leaseMs });
      equal([first.body, first.headers], [Uint8Array.of(1, 2, 3), { a: '1' }], 'what was sent');
      first.body.fill(8);
      equal((await stage.one(q)).body, Uint8Array.of(1, 2, 3), 'what comes the second time');
    },
  },
];
