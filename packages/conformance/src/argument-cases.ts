import { errorCode, keyMaxBytes, revision as revisionOf } from '@quorate/core';
import { equal, ok } from './expect.ts';
import type { StoreCase } from './store-case.ts';
import { absent, bytes, type StoreStage } from './store-stage.ts';

type ErrorClass = typeof TypeError | typeof RangeError;

/** Throws unless each call is refused with an error of its class. */
async function refused(
  stage: StoreStage,
  calls: readonly (readonly [string, ErrorClass, () => unknown])[],
): Promise<void> {
  for (const [what, expected, call] of calls) {
    const thrown = await stage.thrown(what, call);
    ok(thrown instanceof expected, `${what} is a ${expected.name}: received ${String(thrown)}`);
  }
}

/** A call that the types do not allow. */
function wrong(value: unknown): never {
  return value as never;
}

const value = bytes('value');

/** Wrong arguments: refused before anything is sent. */
export const argumentCases: readonly StoreCase[] = [
  {
    name: 'keys and prefixes that are none are refused: no partition, no text, too long, NUL or half a character in them',
    async run(stage) {
      const { store } = stage;
      const p = stage.partition();
      const keys: readonly (readonly [string, ErrorClass, string])[] = [
        ['an empty key', RangeError, ''],
        ['a key without a partition', RangeError, '/a'],
        ['a key with NUL', RangeError, `${p}/a\0b`],
        ['a key with a lone surrogate', RangeError, `${p}/\u{d800}`],
        ['a key that is too long', RangeError, `${p}/${'x'.repeat(keyMaxBytes - p.length)}`],
        ['a key that is too long in UTF-8', RangeError, `${p}/${'日'.repeat(keyMaxBytes / 3)}`],
        ['a number', TypeError, wrong(7)],
        ['nothing', TypeError, wrong(undefined)],
      ];
      const { signal } = new AbortController();
      for (const [what, expected, key] of keys) {
        await refused(stage, [
          [`get of ${what}`, expected, () => store.get(key)],
          [`list of ${what}`, expected, () => store.list(key)],
          [`put of ${what}`, expected, () => store.put(key, value, absent)],
          [`delete of ${what}`, expected, () => store.delete(key, { created: revisionOf(1) })],
          [`watch of ${what}`, expected, () => store.watch(key, revisionOf(0), { signal })],
        ]);
      }
      equal(await stage.keys(p), [], 'what was written');
    },
  },
  {
    name: 'values and conditions that are none are refused',
    async run(stage) {
      const { store } = stage;
      const key = `${stage.partition()}/a`;
      await refused(stage, [
        ['a text as value', TypeError, () => store.put(key, wrong('text'), absent)],
        ['no value', TypeError, () => store.put(key, wrong(undefined), absent)],
        ['an array as value', TypeError, () => store.put(key, wrong([1]), absent)],
        ['no condition', TypeError, () => store.put(key, value, wrong(undefined))],
        ['an empty condition', TypeError, () => store.put(key, value, wrong({}))],
        ['two conditions', TypeError, () => store.put(key, value, wrong({ absent: true, created: 1 }))],
        ['an unknown condition', TypeError, () => store.put(key, value, wrong({ present: true }))],
        ['absent that is not true', TypeError, () => store.put(key, value, wrong({ absent: false }))],
        ['a revision that is no number', RangeError, () => store.put(key, value, wrong({ modified: '1' }))],
        ['a negative revision', RangeError, () => store.put(key, value, { modified: wrong(-1) })],
        ['half a revision', RangeError, () => store.put(key, value, { created: wrong(1.5) })],
        ['a deletion of what is absent', RangeError, () => store.delete(key, absent)],
        ['a deletion without a condition', TypeError, () => store.delete(key, wrong(undefined))],
      ]);
      equal(await stage.get(key), undefined, 'what was written');
    },
  },
  {
    name: 'limits, revisions, signals, deadlines, sessions and operations that are none are refused',
    async run(stage) {
      const { store } = stage;
      const key = `${stage.partition()}/a`;
      const { id } = await stage.session();
      const { signal } = new AbortController();
      const put = (options: object) => () => store.put(key, value, absent, wrong(options));
      await refused(stage, [
        ['a limit of 0', RangeError, () => store.list(key, { limit: 0 })],
        ['a limit of 1.5', RangeError, () => store.list(key, { limit: 1.5 })],
        ['a list from before -1', RangeError, () => store.list(key, { createdBefore: wrong(-1) })],
        ['a list from before 1.5', RangeError, () => store.list(key, { createdBefore: wrong(1.5) })],
        ['a list from before a text', RangeError, () => store.list(key, { createdBefore: wrong('2') })],
        ['a watch from -1', RangeError, () => store.watch(key, wrong(-1), { signal })],
        ['a watch from 0.5', RangeError, () => store.watch(key, wrong(0.5), { signal })],
        ['a watch without a signal', TypeError, () => store.watch(key, revisionOf(0), wrong({}))],
        ['a negative deadline', RangeError, put({ deadlineMs: -1 })],
        ['a deadline that is no number', RangeError, put({ deadlineMs: Number.NaN })],
        ['a negative deadline of a get', RangeError, () => store.get(key, { deadlineMs: -1 })],
        ['an empty session', RangeError, put({ session: '' })],
        ['a session that is a number', TypeError, put({ session: 7 })],
        ['an operation of sequence 0', RangeError, put({ operation: { session: id, sequence: 0 } })],
        ['an operation of sequence 1.5', RangeError, put({ operation: { session: id, sequence: 1.5 } })],
        ['an operation without a session', TypeError, put({ operation: { sequence: 1 } })],
        ['observing nobody', RangeError, () => store.observe(wrong(''))],
      ]);
      equal(await stage.get(key), undefined, 'what was written');
    },
  },
  {
    name: 'a time to live that is none is refused, and the shortest is not',
    async run(stage) {
      const { store } = stage;
      const { ttlMinMs } = stage.capabilities;
      await refused(
        stage,
        [0, -1, Number.NaN, Number.POSITIVE_INFINITY, ttlMinMs - 1, 2 ** 31].map(
          ttlMs => [`a time to live of ${ttlMs} ms`, RangeError, () => store.session({ ttlMs })] as const,
        ),
      );
      // The shortest may be over before its answer comes.
      const short = await stage.within(
        'the shortest is opened',
        store.session({ ttlMs: ttlMinMs }).catch((thrown: unknown) => {
          if (errorCode(thrown) !== 'UNAVAILABLE') throw thrown;
        }),
      );
      await short?.[Symbol.asyncDispose]();
      const long = await stage.within('the longest is opened', store.session({ ttlMs: 2 ** 31 - 1 }));
      await stage.within('the longest is ended', long[Symbol.asyncDispose]());
    },
  },
  {
    name: 'wrong arguments of the optional verbs are refused',
    async run(stage) {
      const { store } = stage;
      const p = stage.partition();
      const { id } = await stage.session();
      const operation = { session: id, sequence: 1 };
      const { enqueue, add, batch } = stage.capabilities.verbs;
      const put = (key: string) => ({ type: 'put' as const, key, value });
      if (enqueue) {
        await refused(stage, [
          ['a queue without a partition', RangeError, () => store.enqueue!('/q', value, { session: id })],
          ['a text in a queue', TypeError, () => store.enqueue!(`${p}/`, wrong('text'), { session: id })],
          ['nobody in a queue', TypeError, () => store.enqueue!(`${p}/`, value, wrong({}))],
        ]);
      }
      if (add) {
        await refused(stage, [
          ['a delta that is a number', TypeError, () => store.add!(`${p}/n`, wrong(1), { operation })],
          ['a delta beyond 64 bits', RangeError, () => store.add!(`${p}/n`, 2n ** 63n, { operation })],
          ['a delta below 64 bits', RangeError, () => store.add!(`${p}/n`, -(2n ** 63n) - 1n, { operation })],
          ['an addition without an operation', TypeError, () => store.add!(`${p}/n`, 1n, wrong({}))],
        ]);
      }
      if (batch) {
        const none = new Map<string, never>();
        await refused(stage, [
          ['a batch of nothing', RangeError, () => store.batch!(none, [])],
          [
            'a batch of two partitions',
            RangeError,
            () => store.batch!(none, [put(`${p}/a`), put(`${p}-2/a`)]),
          ],
          [
            'a batch that asks elsewhere',
            RangeError,
            () => store.batch!(new Map([[`${p}-2/a`, absent]]), [put(`${p}/a`)]),
          ],
          ['a batch that writes twice', RangeError, () => store.batch!(none, [put(`${p}/a`), put(`${p}/a`)])],
          ['a batch with a bad key', RangeError, () => store.batch!(none, [put('/a')])],
          [
            'a batch with a bad value',
            TypeError,
            () => store.batch!(none, [{ ...put(`${p}/a`), value: wrong('text') }]),
          ],
          [
            'a batch with a session that is a number',
            TypeError,
            () => store.batch!(none, [{ ...put(`${p}/a`), session: wrong(7) }]),
          ],
          [
            'a batch that does what there is not',
            TypeError,
            () => store.batch!(none, [{ type: wrong('increment'), key: `${p}/a` }]),
          ],
          [
            'a batch with a bad condition',
            TypeError,
            () => store.batch!(new Map([[`${p}/a`, wrong({})]]), [put(`${p}/a`)]),
          ],
        ]);
      }
      equal(await stage.keys(p), [], 'what was written');
    },
  },
  {
    name: 'a value that is too large for an entry is too large for a queue and a batch as well',
    applies: ({ verbs, valueMaxBytes }) => (verbs.enqueue || verbs.batch) && valueMaxBytes <= 67_108_864,
    async run(stage) {
      const { store } = stage;
      const p = stage.partition();
      const { id: session } = await stage.session();
      const large = new Uint8Array(stage.capabilities.valueMaxBytes + 1);
      const { enqueue, batch } = stage.capabilities.verbs;
      if (enqueue)
        await refused(stage, [['a queue', RangeError, () => store.enqueue!(`${p}/`, large, { session })]]);
      if (batch) {
        const writes = [{ type: 'put' as const, key: `${p}/a`, value: large }];
        await refused(stage, [['a batch', RangeError, () => store.batch!(new Map(), writes)]]);
      }
      equal(await stage.keys(p), [], 'what was written');
    },
  },
];
