import type { OperationId } from '@quorate/core';
import { equal, ok } from './expect.ts';
import type { StoreCase } from './store-case.ts';
import { absent, applied, operations, type StoreStage, textOf } from './store-stage.ts';
import { WatchRecorder } from './watch-recorder.ts';

const most = 2n ** 63n - 1n;
const least = -(2n ** 63n);

/** What an `add` is refused with. */
async function refusal(
  stage: StoreStage,
  key: string,
  delta: bigint,
  operation: OperationId,
): Promise<string> {
  const thrown = await stage.thrown(`an addition of ${delta}`, () => stage.add(key, delta, operation));
  ok(thrown instanceof RangeError, `it is refused with a RangeError: received ${String(thrown)}`);
  return thrown.message;
}

/** Numbers. */
export const addCases: readonly StoreCase[] = [
  {
    name: 'an addition gives the sum, and leaves it as a value in decimal digits',
    applies: ({ verbs }) => verbs.add,
    async run(stage) {
      const key = `${stage.partition()}/n`;
      const next = operations(await stage.session());
      const first = applied('the first', await stage.add(key, 5n, next()));
      const second = applied('the second', await stage.add(key, -12n, next()));
      equal([first.value, second.value], [5n, -7n], 'the sums');
      ok(second.revision > first.revision, 'each has a revision of its own');
      const entry = await stage.get(key);
      equal(textOf(entry), '-7', 'the value');
      equal([entry?.created, entry?.modified], [first.revision, second.revision], 'created and modified');
      equal(entry?.session, undefined, 'its session');
      equal(applied('0', await stage.add(key, 7n, next())).value, 0n, 'the sum 0');
      equal(textOf(await stage.get(key)), '0', 'the value 0');
    },
  },
  {
    name: 'an addition to what was put goes on from there, and keeps its session',
    applies: ({ verbs }) => verbs.add,
    async run(stage) {
      const p = stage.partition();
      const [owner, adder] = [await stage.session(), await stage.session()];
      const next = operations(adder);
      const put = await stage.put(`${p}/n`, '41', absent, { session: owner.id });
      equal(applied('it', await stage.add(`${p}/n`, 1n, next())).value, 42n, 'the sum');
      const entry = await stage.get(`${p}/n`);
      equal(
        [textOf(entry), entry?.session, entry?.created],
        ['42', owner.id, put.revision],
        'what stands there',
      );
      await owner[Symbol.asyncDispose]();
      await stage.within('its owner is dead', stage.store.observe(owner.id));
      const gone = async (): Promise<void> => {
        while ((await stage.store.get(`${p}/n`)) !== undefined) await stage.sleep(20);
      };
      await stage.within('it ends with its owner', gone());
      equal(applied('it', await stage.add(`${p}/n`, 1n, next())).value, 1n, 'the sum, anew');
      equal((await stage.get(`${p}/n`))?.session, undefined, 'its session');
    },
  },
  {
    name: 'numbers have 64 bits: they reach both ends, and not beyond',
    applies: ({ verbs }) => verbs.add,
    async run(stage) {
      const p = stage.partition();
      const next = operations(await stage.session());
      equal(applied('it', await stage.add(`${p}/most`, most, next())).value, most, 'the largest');
      equal(applied('it', await stage.add(`${p}/least`, least, next())).value, least, 'the smallest');
      equal(
        [textOf(await stage.get(`${p}/most`)), textOf(await stage.get(`${p}/least`))],
        [`${most}`, `${least}`],
        'their texts',
      );
      ok((await refusal(stage, `${p}/most`, 1n, next())).includes('64-bit'), 'the limit is named');
      await refusal(stage, `${p}/least`, -1n, next());
      await refusal(stage, `${p}/most`, most, next());
      await refusal(stage, `${p}/least`, least, next());
      equal(textOf(await stage.get(`${p}/most`)), `${most}`, 'the largest, after it was refused');
      equal(
        applied('it', await stage.add(`${p}/most`, least, next())).value,
        -1n,
        'and from one end to the other',
      );
      equal(
        applied('it', await stage.add(`${p}/least`, 1n, next())).value,
        least + 1n,
        'back from the smallest',
      );
      const big = 2n ** 53n + 1n;
      equal(applied('it', await stage.add(`${p}/big`, big, next())).value, big, 'a number beyond 2^53');
      equal(applied('it', await stage.add(`${p}/big`, 1n, next())).value, big + 1n, 'and the next');
    },
  },
  {
    name: 'what is no number is not added to, and says so',
    applies: ({ verbs }) => verbs.add,
    async run(stage) {
      const p = stage.partition();
      const next = operations(await stage.session());
      const texts = [
        '',
        'words',
        '1.5',
        ' 1',
        '1 ',
        '+1',
        '0x10',
        '1e3',
        '--1',
        '-',
        '1,000',
        '١',
        '12345678901234567890',
        '1\n',
      ];
      for (const [index, text] of texts.entries()) {
        const key = `${p}/${index}`;
        const put = await stage.put(key, text);
        const message = await refusal(stage, key, 1n, next());
        ok(message.includes(key), `the key is named: ${message}`);
        equal(await stage.get(key), put.entry, `what stands there after ${JSON.stringify(text)}`);
      }
    },
  },
  {
    name: 'an addition that was refused is judged anew when it is repeated',
    applies: ({ verbs }) => verbs.add,
    async run(stage) {
      const key = `${stage.partition()}/n`;
      const operation = operations(await stage.session())();
      const put = await stage.put(key, 'words');
      await refusal(stage, key, 1n, operation);
      await stage.put(key, '1', { modified: put.revision });
      equal(applied('it', await stage.add(key, 1n, operation)).value, 2n, 'the sum');
    },
  },
  {
    name: 'additions of several clients at once sum up exactly, each seen at a moment of its own',
    applies: ({ verbs }) => verbs.add,
    async run(stage) {
      const key = `${stage.partition()}/n`;
      const stores = [stage.store, await stage.open(), await stage.open(), await stage.open()];
      const sums = await Promise.all(
        stores.map(async store => {
          const next = operations(await stage.session(store));
          const own: bigint[] = [];
          for (let count = 0; count < 15; count++)
            own.push(applied('it', await stage.add(key, 1n, next(), store)).value);
          return own;
        }),
      );
      const sorted = sums.flat().sort((one, other) => Number(one - other));
      equal(
        sorted,
        [...Array(60).keys()].map(index => BigInt(index + 1)),
        'the sums that were seen',
      );
      ok(
        sums.every(own => own.every((sum, index) => index === 0 || own[index - 1]! < sum)),
        'nobody saw it go back',
      );
      equal(textOf(await stage.get(key)), '60', 'the last');
    },
  },
  {
    name: 'additions are told to who watches, as the puts that they are',
    applies: ({ verbs }) => verbs.add,
    async run(stage) {
      const key = `${stage.partition()}/n`;
      const next = operations(await stage.session());
      using watch = new WatchRecorder(stage.store, key, await stage.revision(key));
      const [first] = [next(), next()];
      await stage.add(key, 1n, first);
      await stage.add(key, 1n, first);
      await stage.add(key, 2n, next());
      await stage.within(
        'both are told',
        watch.until(() => watch.isResynced || watch.changes.length >= 2),
      );
      if (!watch.isResynced) equal(watch.told, [`put ${key} 1`, `put ${key} 3`], 'what is told');
    },
  },
  {
    name: 'an addition to an entry counts for its conditions as any change',
    applies: ({ verbs }) => verbs.add,
    async run(stage) {
      const key = `${stage.partition()}/n`;
      const next = operations(await stage.session());
      const put = await stage.put(key, '1');
      const added = applied('it', await stage.add(key, 1n, next()));
      equal(
        (await stage.store.delete(key, { modified: put.revision })).outcome,
        'not-applied',
        'under the old revision',
      );
      await stage.delete(key, { modified: added.revision });
      equal(applied('it', await stage.add(key, 3n, next())).value, 3n, 'the sum after its deletion');
    },
  },
];
