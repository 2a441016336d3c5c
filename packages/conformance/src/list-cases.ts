import { listMax, revision as revisionOf } from '@quorate/core';
import { equal, ok } from './expect.ts';
import type { StoreCase } from './store-case.ts';
import { absent, type StoreStage } from './store-stage.ts';

/** What `list` gives, and revisions. */
export const listCases: readonly StoreCase[] = [
  {
    name: 'a list is in order of creation, whatever the names and later changes',
    async run(stage) {
      const p = stage.partition();
      const first = await stage.put(`${p}/c`);
      await stage.put(`${p}/a`);
      await stage.put(`${p}/B`);
      await stage.put(`${p}/b`);
      await stage.put(`${p}/c`, 'again', { modified: first.revision });
      equal(
        await stage.keys(`${p}/`),
        ['c', 'a', 'B', 'b'].map(name => `${p}/${name}`),
        'oldest first',
      );
      const newestFirst = await stage.keys(`${p}/`, { newestFirst: true });
      equal(
        newestFirst,
        ['b', 'B', 'a', 'c'].map(name => `${p}/${name}`),
        'newest first',
      );
      await stage.delete(`${p}/c`, { created: first.revision });
      await stage.put(`${p}/c`);
      equal(
        await stage.keys(`${p}/`),
        ['a', 'B', 'b', 'c'].map(name => `${p}/${name}`),
        'after a new creation',
      );
    },
  },
  {
    name: 'a list gives entries as get does, and a revision that they all lie within',
    async run(stage) {
      const p = stage.partition();
      const session = await stage.session();
      const one = await stage.put(`${p}/a`, 'one');
      const two = await stage.put(`${p}/b`, 'two', absent, { session: session.id });
      const { entries, revision } = await stage.store.list(`${p}/`);
      equal(entries, [one.entry, two.entry], 'entries');
      ok(revision >= two.revision, 'its revision covers the last change');
      const later = await stage.put(`${p}/c`);
      ok(later.revision > revision, 'a later change has a larger revision');
    },
  },
  {
    name: 'a prefix ends anywhere in a key',
    async run(stage) {
      const p = stage.partition();
      const keys = ['ab', 'abc', 'a/b', 'a/bc/d', 'b', 'a', 'A', 'a/'].map(name => `${p}/${name}`);
      for (const key of keys) await stage.put(key);
      for (const end of [
        '',
        'a',
        'ab',
        'abc',
        'abcd',
        'a/',
        'a/b',
        'a/bc',
        'a/bc/',
        'a/bc/d',
        'b',
        'c',
        'A',
      ]) {
        const prefix = `${p}/${end}`;
        equal(
          await stage.keys(prefix),
          keys.filter(key => key.startsWith(prefix)),
          `list of "${end}"`,
        );
      }
    },
  },
  {
    name: 'a prefix of one segment is its partition, and no other whose name goes on',
    async run(stage) {
      const p = stage.partition();
      for (const key of [`${p}-more/a`, p, `${p}/a`, `${p}0`]) await stage.put(key);
      equal(await stage.keys(p), [p, `${p}/a`], 'the partition');
      equal(await stage.keys(`${p}/`), [`${p}/a`], 'with its slash');
      equal(await stage.keys(`${p}-more`), [`${p}-more/a`], 'the other');
    },
  },
  {
    name: 'a limit cuts a list at the end that it is read to',
    async run(stage) {
      const p = stage.partition();
      const keys = ['a', 'x/a', 'b', 'c', 'd'].map(name => `${p}/${name}`);
      for (const key of keys) await stage.put(key);
      equal(await stage.keys(`${p}/`, { limit: 2 }), keys.slice(0, 2), 'oldest first');
      equal(await stage.keys(`${p}/`, { limit: 5 }), keys, 'as many as there are');
      equal(await stage.keys(`${p}/`, { limit: 1, newestFirst: true }), keys.slice(4), 'newest first');
      equal(await stage.keys(`${p}/x`, { limit: 1 }), [`${p}/x/a`], 'entries beside the prefix do not count');
      equal(await stage.keys(`${p}/d`, { limit: 1 }), [`${p}/d`], 'nor do those before');
    },
  },
  {
    name: 'a list can be of what was created before a revision, by either end',
    async run(stage) {
      const p = stage.partition();
      const puts = [];
      for (const name of ['a', 'b', 'c', 'd']) puts.push(await stage.put(`${p}/${name}`));
      const [a, b, c] = puts.map(({ entry }) => entry.key);
      await stage.put(a as string, 'again', { created: puts[0]!.revision });
      const createdBefore = puts[3]!.revision;
      equal(await stage.keys(`${p}/`, { createdBefore }), [a, b, c], 'oldest first');
      const newestFirst = { createdBefore, newestFirst: true };
      equal(await stage.keys(`${p}/`, newestFirst), [c, b, a], 'newest first');
      equal(await stage.keys(`${p}/`, { ...newestFirst, limit: 1 }), [c], 'the last before');
      equal(await stage.keys(`${p}/`, { createdBefore, limit: 2 }), [a, b], 'the first two');
      equal(await stage.keys(`${p}/`, { createdBefore: puts[0]!.revision }), [], 'before the first');
      equal(await stage.keys(`${p}/`, { createdBefore: revisionOf(0) }), [], 'before everything');
    },
  },
  {
    name: `a list gives at most ${listMax} entries, those of its beginning`,
    async run(stage) {
      const p = stage.partition();
      const count = listMax + 5;
      for (let from = 0; from < count; from += 67) {
        const numbers = Array.from({ length: Math.min(67, count - from) }, (_, index) => from + index);
        await Promise.all(numbers.map(number => stage.put(`${p}/${number}`)));
      }
      const all = await stage.store.list(`${p}/`);
      equal(all.entries.length, listMax, 'how many there are');
      const more = await stage.store.list(`${p}/`, { limit: listMax + 5 });
      equal(more.entries, all.entries, 'with a larger limit');
      const [newest] = (await stage.store.list(`${p}/`, { limit: 1, newestFirst: true })).entries;
      ok(
        all.entries.every(({ created }) => created < newest!.created),
        'the newest is not among them',
      );
      const rest = await stage.store.list(`${p}/`, { newestFirst: true, limit: 5 });
      const both = [
        ...all.entries,
        ...rest.entries.map((_, index, rows) => rows.at(-1 - index) as (typeof rows)[number]),
      ];
      ok(
        both.every(({ created }, index) => index === 0 || both[index - 1]!.created < created),
        'they and the rest are in order of creation',
      );
    },
  },
  {
    name: 'revisions of a partition only grow, also once it was empty',
    async run(stage) {
      const p = stage.partition();
      const other = await stage.open();
      const seen = [0];
      for (let round = 0; round < 6; round++) {
        const store = round % 2 === 0 ? stage.store : other;
        const put = await stage.put(`${p}/a`, '', absent, { store });
        const gone = await stage.delete(`${p}/a`, { created: put.revision }, store);
        const second = await stage.put(`${p}/${round}`, '', absent, { store });
        await stage.delete(`${p}/${round}`, { created: second.revision }, store);
        seen.push(put.revision, gone.revision, second.revision, await stage.revision(p));
      }
      ok(
        seen.every((revision, index) => index === 0 || revision > (seen[index - 1] as number)),
        `each is larger than the one before: ${seen.join()}`,
      );
    },
  },
  {
    name: 'revisions of a partition still grow after many others came and went',
    async run(stage) {
      const p = stage.partition();
      const put = await stage.put(`${p}/a`);
      const gone = await stage.delete(`${p}/a`, { created: put.revision });
      for (let round = 0; round < 10; round++) {
        const keys = Array.from({ length: 20 }, () => `${stage.partition()}/a`);
        const puts = await Promise.all(keys.map(key => stage.put(key)));
        await Promise.all(puts.map(({ entry }) => stage.delete(entry.key, { created: entry.created })));
      }
      ok((await stage.revision(p)) >= gone.revision, 'the revision of a list has not gone back');
      ok((await stage.put(`${p}/a`)).revision > gone.revision, 'the next revision is larger');
    },
  },
  {
    name: 'a list is of one moment: what is written one after the other is never seen the other way round',
    applies: ({ linearizable }) => linearizable,
    async run(stage) {
      const p = stage.partition();
      const other = await stage.open();
      const progress = { isDone: false };
      const write = async (): Promise<void> => {
        let [a, b] = [await stage.put(`${p}/a`, '0'), await stage.put(`${p}/b`, '0')];
        for (let count = 1; count <= 20; count++) {
          a = await stage.put(`${p}/a`, `${count}`, { modified: a.revision });
          b = await stage.put(`${p}/b`, `${count}`, { modified: b.revision });
        }
        progress.isDone = true;
      };
      const read = async (): Promise<void> => {
        while (!progress.isDone) await checkMoment(stage, p, other);
      };
      await Promise.all([write(), read()]);
    },
  },
];

async function checkMoment(stage: StoreStage, p: string, store: StoreStage['store']): Promise<void> {
  const { entries, revision } = await stage.within('it is listed', store.list(`${p}/`));
  const [a, b] = entries.map(({ value }) => Number(new TextDecoder().decode(value)));
  if (a === undefined || b === undefined) return;
  ok(a === b || a === b + 1, `of values written in turn the list has ${a} and ${b}`);
  ok(
    entries.every(({ modified }) => modified <= revision),
    'no entry is newer than the list',
  );
}
