import { equal, ok } from '../expect.ts';
import { bytes } from '../store-stage.ts';
import type { QueueCase } from './queue-case.ts';

/** Small records beside the messages. */
export const stateCases: readonly QueueCase[] = [
  {
    name: 'a record is written by compare and set',
    async run(stage) {
      const key = `${stage.partition()}/record`;
      const { state } = stage.store;
      equal(await stage.record(key), undefined, 'before');
      const first = await stage.write({ key, text: 'one', version: 0 });
      equal(
        await stage.record(key, await stage.open()),
        { key, value: bytes('one'), version: first },
        'another reads',
      );
      const current = { key, value: bytes('one'), version: first };
      const refused = { outcome: 'not-applied', reason: 'conflict', current };
      equal(await state.write({ key, value: bytes('x'), version: 0 }), refused, 'where it must be absent');
      equal(await state.write({ key, value: bytes('x'), version: first + 1 }), refused, 'of another version');
      const second = await stage.write({ key, text: 'two', version: first });
      ok(second > first, 'its version has grown');
      const third = await stage.write({ key, text: 'three' });
      ok(third > second, 'without a version whatever stands there is replaced');
      equal(await stage.write({ key, text: undefined, version: third }), 0, 'deletion');
      equal(await stage.record(key), undefined, 'afterwards');
      equal(
        await state.write({ key, value: bytes('x'), version: third }),
        { outcome: 'not-applied', reason: 'conflict' },
        'of a version that is gone',
      );
    },
  },
  {
    name: 'a version never comes back, also where a record is deleted and written anew',
    async run(stage) {
      const key = `${stage.partition()}/record`;
      const versions: number[] = [];
      for (let round = 0; round < 4; round++) {
        versions.push(await stage.write({ key, text: `${round}`, version: 0 }));
        await stage.write({ key, text: undefined });
      }
      const isGrowing = versions.every((version, index) => index === 0 || version > versions[index - 1]!);
      ok(isGrowing, `each is larger than the one before: ${versions.join()}`);
    },
  },
  {
    name: 'a record is gone by itself after its time, and not before',
    timed: true,
    async run(stage) {
      const p = stage.partition();
      const now = await stage.store.now();
      const expiresAtMs = now + stage.leaseMs;
      await stage.write({ key: `${p}/brief`, text: 'a', expiresAtMs });
      const renewed = await stage.write({ key: `${p}/renewed`, text: 'b', expiresAtMs });
      await stage.write({ key: `${p}/renewed`, text: 'b', version: renewed });
      const brief = await stage.record(`${p}/brief`);
      ok(
        brief === undefined ? (await stage.store.now()) >= expiresAtMs : brief.expiresAtMs === expiresAtMs,
        'its time',
      );
      await stage.sleep(3 * stage.leaseMs);
      equal(await stage.record(`${p}/brief`), undefined, 'the one whose time is over');
      equal(
        (await stage.write({ key: `${p}/brief`, text: 'c', version: 0 })) > 0,
        true,
        'it can be written anew',
      );
      ok((await stage.record(`${p}/renewed`)) !== undefined, 'the one that was written again without a time');
      const { items } = await stage.store.state.scan(`${p}/`);
      equal(
        items.map(({ key }) => key),
        [`${p}/brief`, `${p}/renewed`],
        'what a scan gives',
      );
    },
  },
  {
    name: 'records are scanned by prefix, in order of their keys, page by page',
    async run(stage) {
      const p = stage.partition();
      const names = ['b', 'a/2', 'a/10', 'A', 'a', 'ä', 'a/1', '😀'];
      for (const name of names) await stage.write({ key: `${p}/${name}`, text: name });
      await stage.write({ key: `${p}-more/a`, text: 'beside' });
      const sorted = names.map(name => `${p}/${name}`).sort();
      const { items } = await stage.store.state.scan(`${p}/`);
      equal(
        items.map(({ key }) => key),
        sorted,
        'all',
      );
      equal(
        items.map(({ value }) => new TextDecoder().decode(value)),
        sorted.map(key => key.slice(p.length + 1)),
        'values',
      );
      const under = await stage.store.state.scan(`${p}/a/`);
      equal(
        under.items.map(({ key }) => key),
        sorted.filter(key => key.startsWith(`${p}/a/`)),
        'a prefix',
      );
      const paged: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await stage.store.state.scan(p, {
          limit: 3,
          ...(cursor === undefined ? {} : { cursor }),
        });
        ok(page.items.length <= 3, 'a page is no longer than asked for');
        paged.push(...page.items.map(({ key }) => key));
        cursor = page.cursor;
      } while (cursor !== undefined);
      equal(paged, sorted, 'page by page');
    },
  },
  {
    name: 'of many who write one record from what they read, each in turn succeeds',
    async run(stage) {
      const key = `${stage.partition()}/count`;
      const add = async (): Promise<void> => {
        const { state } = await stage.open();
        for (let done = 0; done < 10; ) {
          const record = await state.get(key);
          const count = record === undefined ? 0 : Number(new TextDecoder().decode(record.value));
          const result = await state.write({
            key,
            value: bytes(`${count + 1}`),
            version: record?.version ?? 0,
          });
          if (result.outcome === 'applied') done++;
        }
      };
      await stage.within('all have counted', Promise.all([add(), add(), add()]));
      equal(new TextDecoder().decode((await stage.record(key))!.value), '30', 'the count');
    },
  },
  {
    name: 'who watches a prefix hears of a record that changes',
    async run(stage) {
      const p = stage.partition();
      const other = await stage.open();
      const heard = new Set<string>();
      let wake = (): void => {};
      using _watch = other.state.watch(`${p}/watched/`, key => {
        heard.add(key);
        wake();
      });
      const key = `${p}/watched/a`;
      const waiting = new Promise<void>(resolve => (wake = resolve));
      // A hint may be lost: whoever relies on one asks again.
      for (let round = 0; !heard.has(key) && round < 50; round++) {
        await stage.write({ key, text: `${round}` });
        await Promise.race([waiting, stage.sleep(stage.leaseMs)]);
      }
      ok(heard.has(key), 'it was told of the change');
      await stage.write({ key: `${p}/beside`, text: 'x' });
      equal([...heard], [key], 'and of nothing else');
    },
  },
];
