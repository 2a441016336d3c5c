import { equal, ok } from './expect.ts';
import type { StoreCase } from './store-case.ts';
import { absent, applied, bytes, operations, textOf } from './store-stage.ts';
import { WatchRecorder } from './watch-recorder.ts';

const put = (key: string, text = '') => ({ type: 'put' as const, key, value: bytes(text) });
const remove = (key: string) => ({ type: 'delete' as const, key });

/** Several writes of one partition. */
export const batchCases: readonly StoreCase[] = [
  {
    name: 'a batch whose conditions hold does all it says, at one revision',
    applies: ({ verbs }) => verbs.batch,
    async run(stage) {
      const p = stage.partition();
      const session = await stage.session();
      const [a, gone] = [await stage.put(`${p}/a`, '1'), await stage.put(`${p}/gone`)];
      const result = applied(
        'the batch',
        await stage.batch(
          [
            [`${p}/a`, { modified: a.revision }],
            [`${p}/b`, absent],
            [`${p}/gone`, { created: gone.revision }],
          ],
          [
            put(`${p}/a`, '2'),
            { ...put(`${p}/b`, '2'), session: session.id },
            remove(`${p}/gone`),
            remove(`${p}/never`),
          ],
        ),
      );
      ok(result.revision > gone.revision, 'its revision is larger than those before');
      const { entries, revision } = await stage.store.list(`${p}/`);
      const expected = [
        { key: `${p}/a`, value: bytes('2'), created: a.revision, modified: result.revision },
        {
          key: `${p}/b`,
          value: bytes('2'),
          created: result.revision,
          modified: result.revision,
          session: session.id,
        },
      ];
      equal(entries, expected, 'what stands there');
      ok(revision >= result.revision, 'the list is as late');
    },
  },
  {
    name: 'a batch of which one condition fails does nothing, and names the first that failed with what stands there',
    applies: ({ verbs }) => verbs.batch,
    async run(stage) {
      const p = stage.partition();
      const a = await stage.put(`${p}/a`, '1');
      const b = await stage.put(`${p}/b`, '1');
      const before = await stage.store.list(`${p}/`);
      const holds = [`${p}/a`, { modified: a.revision }] as const;
      const writes = [put(`${p}/a`, '2'), put(`${p}/c`, '2'), remove(`${p}/b`)];
      const failing = [
        [[holds, [`${p}/b`, absent]], { outcome: 'not-applied', key: `${p}/b`, current: b.entry }],
        [
          [[`${p}/b`, { modified: a.revision }], holds],
          { outcome: 'not-applied', key: `${p}/b`, current: b.entry },
        ],
        [[holds, [`${p}/never`, { created: a.revision }]], { outcome: 'not-applied', key: `${p}/never` }],
        [
          [
            [`${p}/never`, { modified: a.revision }],
            [`${p}/b`, absent],
          ],
          { outcome: 'not-applied', key: `${p}/never` },
        ],
      ] as const;
      for (const [conditions, expected] of failing) {
        equal(
          await stage.batch(conditions, writes),
          expected,
          `the batch under ${JSON.stringify(conditions)}`,
        );
        equal(await stage.store.list(`${p}/`), before, 'what stands there');
      }
    },
  },
  {
    name: 'a batch without conditions writes, and one without writes asks',
    applies: ({ verbs }) => verbs.batch,
    async run(stage) {
      const p = stage.partition();
      applied('the first', await stage.batch([], [put(`${p}/a`, '1')]));
      const second = applied('the second', await stage.batch([], [put(`${p}/a`, '2')]));
      equal(textOf(await stage.get(`${p}/a`)), '2', 'what stands there');
      const asked = applied(
        'the question',
        await stage.batch([[`${p}/a`, { modified: second.revision }]], []),
      );
      ok(asked.revision >= second.revision, 'what is asked is of now');
      equal((await stage.batch([[`${p}/a`, absent]], [])).outcome, 'not-applied', 'what does not hold');
      equal((await stage.get(`${p}/a`))?.modified, second.revision, 'the entry afterwards');
    },
  },
  {
    name: 'a batch is seen whole or not at all, and told whole',
    applies: ({ verbs, linearizable }) => verbs.batch && linearizable,
    async run(stage) {
      const p = stage.partition();
      const other = await stage.open();
      using watch = new WatchRecorder(other, `${p}/`, await stage.revision(p));
      const progress = { isDone: false };
      const write = async (): Promise<void> => {
        for (let count = 0; count < 15; count++) {
          const writes = ['a', 'b', 'c'].map(name => put(`${p}/${name}`, `${count}`));
          applied('the batch', await stage.batch([], writes));
        }
        progress.isDone = true;
      };
      const read = async (): Promise<void> => {
        while (!progress.isDone) {
          const { entries } = await stage.within('it is listed', other.list(`${p}/`));
          const values = entries.map(textOf);
          ok(
            new Set(values).size <= 1 && [0, 3].includes(values.length),
            `a list sees it whole: ${values.join()}`,
          );
        }
      };
      await Promise.all([write(), read()]);
      await stage.within(
        'all are told',
        watch.until(() => watch.isResynced || watch.changes.length >= 45),
      );
      if (watch.isResynced) return;
      for (let index = 0; index < 45; index += 3) {
        const parts = watch.changes.slice(index, index + 3);
        equal(new Set(parts.map(({ revision }) => revision)).size, 1, 'the revisions of one batch');
        equal(
          parts.map(({ entry }) => entry.key).sort(),
          ['a', 'b', 'c'].map(name => `${p}/${name}`),
          'its keys',
        );
      }
    },
  },
  {
    name: 'of batches at once that share a condition exactly one takes effect',
    applies: ({ verbs }) => verbs.batch,
    async run(stage) {
      const p = stage.partition();
      const other = await stage.open();
      const batches = [stage.store, other, stage.store, other].map((store, index) =>
        store.batch!(new Map([[`${p}/lock`, absent]]), [
          put(`${p}/lock`, `${index}`),
          put(`${p}/by-${index}`),
        ]),
      );
      const results = await stage.within('all are answered', Promise.all(batches));
      const winners = results.flatMap(({ outcome }, index) => (outcome === 'applied' ? [index] : []));
      equal(winners.length, 1, 'how many took effect');
      equal(await stage.keys(`${p}/by-`), [`${p}/by-${winners[0]}`], 'what it wrote');
      equal(textOf(await stage.get(`${p}/lock`)), `${winners[0]}`, 'and where all wanted to');
    },
  },
  {
    name: 'a batch that is repeated under its operation takes effect once',
    applies: ({ verbs }) => verbs.batch,
    async run(stage) {
      const p = stage.partition();
      const operation = operations(await stage.session())();
      const batch = () =>
        stage.batch([[`${p}/a`, absent]], [put(`${p}/a`, '1'), put(`${p}/b`, '1')], { operation });
      const first = applied('the first', await batch());
      equal(await batch(), first, 'the repeat');
      await stage.delete(`${p}/a`, { created: first.revision });
      equal(await batch(), first, 'the repeat after what it wrote is gone');
      equal(await stage.keys(`${p}/`), [`${p}/b`], 'what stands there');
    },
  },
];
