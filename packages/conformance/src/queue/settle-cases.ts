import { equal, ok } from '../expect.ts';
import { bytes } from '../store-stage.ts';
import type { QueueCase } from './queue-case.ts';
import { conflict, done, lost, messageOf, textOf } from './queue-stage.ts';

/** What a settlement does beside ending a lease. */
export const settleCases: readonly QueueCase[] = [
  {
    name: 'follow-up messages and records come with a settlement',
    async run(stage) {
      const p = stage.partition();
      await stage.put(`${p}/in`, 'a');
      const message = await stage.one(`${p}/in`);
      const result = await stage.settle(message, undefined, {
        puts: [
          { queue: `${p}/out`, message: messageOf('b', { headers: { from: 'a' } }) },
          { queue: `${p}/in`, message: messageOf('c') },
        ],
        state: [{ key: `${p}/results/a`, value: bytes('42'), version: 0 }],
      });
      equal(result, done, 'settle');
      const out = await stage.one(`${p}/out`);
      equal([textOf(out), out.headers], ['b', { from: 'a' }], 'the follow-up');
      equal(await stage.drained(`${p}/in`), ['c'], 'the other');
      equal(textOfValue(await stage.record(`${p}/results/a`)), '42', 'the record');
    },
  },
  {
    name: 'a settlement whose record has another version does nothing',
    applies: ({ atomicSettle }) => atomicSettle,
    async run(stage) {
      const p = stage.partition();
      const version = await stage.write({ key: `${p}/count`, text: '1' });
      await stage.put(`${p}/in`, 'a');
      const message = await stage.one(`${p}/in`);
      const settle = (...versions: readonly number[]): Promise<unknown> =>
        stage.settle(message, undefined, {
          puts: [{ queue: `${p}/out`, message: messageOf('b') }],
          state: versions.map((each, index) => ({
            key: index === 0 ? `${p}/count` : `${p}/other`,
            value: bytes('2'),
            version: each,
          })),
        });
      equal(await settle(0), conflict, 'where it must be absent');
      equal(await settle(version + 1), conflict, 'where it must have another version');
      equal(await settle(version, 7), conflict, 'where the second of two must');
      equal(textOfValue(await stage.record(`${p}/count`)), '1', 'the record');
      equal(await stage.record(`${p}/other`), undefined, 'the second');
      equal(await stage.lease(`${p}/out`), [], 'the follow-up');
      equal(await settle(version, 0), done, 'with the right versions: the lease still stands');
      equal(textOfValue(await stage.record(`${p}/count`)), '2', 'the record then');
      equal(await stage.drained(`${p}/out`), ['b'], 'the follow-up then');
    },
  },
  {
    name: 'a settlement of a lease that is lost does nothing',
    timed: true,
    async run(stage) {
      const p = stage.partition();
      await stage.put(`${p}/in`, 'a');
      const first = await stage.one(`${p}/in`, { leaseMs: stage.leaseMs });
      const second = await stage.one(`${p}/in`);
      const more = {
        puts: [{ queue: `${p}/out`, message: messageOf('b') }],
        state: [{ key: `${p}/result`, value: bytes('x') }],
      };
      equal(await stage.settle(first, undefined, more), lost, 'the first holder');
      equal(await stage.lease(`${p}/out`), [], 'the follow-up');
      equal(await stage.record(`${p}/result`), undefined, 'the record');
      equal(await stage.settle(second, undefined, more), done, 'the second holder');
      equal(await stage.drained(`${p}/out`), ['b'], 'the follow-up then');
    },
  },
  {
    name: 'a follow-up under an id that is taken is not sent twice',
    async run(stage) {
      const p = stage.partition();
      for (const text of ['a', 'b']) await stage.put(`${p}/in`, text);
      const puts = [{ queue: `${p}/out`, message: messageOf('once', { id: 'join', rememberMs: 600_000 }) }];
      for (const message of await stage.lease(`${p}/in`)) {
        equal(await stage.settle(message, undefined, { puts }), done, 'settle');
      }
      equal(await stage.drained(`${p}/out`), ['once'], 'what came of it');
    },
  },
  {
    name: 'a message can be released with what its handler found out',
    async run(stage) {
      const p = stage.partition();
      await stage.put(`${p}/in`, 'a');
      const message = await stage.one(`${p}/in`);
      const state = [{ key: `${p}/progress`, value: bytes('half') }];
      equal(await stage.settle(message, { type: 'release', delayMs: 0 }, { state }), done, 'release');
      equal(textOfValue(await stage.record(`${p}/progress`)), 'half', 'the record');
      equal(textOf(await stage.one(`${p}/in`)), 'a', 'what comes again');
    },
  },
  {
    name: 'a settlement keeps to the partition of its message',
    async run(stage) {
      const [q, elsewhere] = [stage.queue(), stage.queue()];
      await stage.put(q, 'a');
      const lease = await stage.one(q);
      const acknowledge = { type: 'acknowledge' } as const;
      const attempts = [
        { lease, action: { type: 'move', queue: elsewhere } as const },
        { lease, action: acknowledge, puts: [{ queue: elsewhere, message: messageOf('b') }] },
        { lease, action: acknowledge, state: [{ key: elsewhere, value: bytes('x') }] },
      ];
      for (const attempt of attempts) {
        const thrown = await stage.thrown('another partition', () => stage.store.settle([attempt]));
        ok(thrown instanceof RangeError && thrown.message.includes(elsewhere), 'the error names it');
      }
      equal(await stage.settle(lease), done, 'the lease still stands');
    },
  },
];

function textOfValue(record: { readonly value: Uint8Array } | undefined): string | undefined {
  return record && new TextDecoder().decode(record.value);
}
