import { equal, ok } from './expect.ts';
import type { StoreCase } from './store-case.ts';
import { absent, bytes } from './store-stage.ts';

/** Keys and values of all kinds. */
export const keyCases: readonly StoreCase[] = [
  {
    name: 'keys are what they are: no character of them means anything but the slash',
    async run(stage) {
      const p = stage.partition();
      const names = [
        '*',
        '>',
        '.',
        'a.b',
        '{x}',
        '}',
        '%25',
        '%',
        ' ',
        '\u{e4}',
        'a\u{308}',
        '日本',
        '🔒',
        '\\',
        '"',
        "'",
        '_',
        '$1',
      ];
      names.push(
        'a b',
        '?',
        '[a]',
        '^',
        ':',
        '#',
        '|',
        '\n',
        '\t',
        '\u{7f}',
        'A',
        'a',
        '//',
        '/',
        'x//y',
        '..',
        '-',
        '+',
        '~',
        '\u{ffff}',
        '\u{10ffff}',
        '__proto__',
      );
      const keys = names.map(name => `${p}/${name}`);
      for (const [index, key] of keys.entries()) await stage.put(key, `${index}`);
      for (const [index, key] of keys.entries()) {
        equal((await stage.get(key))?.value, bytes(`${index}`), `get of ${JSON.stringify(key)}`);
        equal(
          await stage.keys(key),
          keys.filter(other => other.startsWith(key)),
          `list of ${JSON.stringify(key)}`,
        );
      }
      equal(await stage.keys(`${p}/`), keys, 'list of all');
    },
  },
  {
    name: 'partitions, too, may be called anything',
    async run(stage) {
      const suffix = stage.partition();
      const names = ['{', '}', '{a}', '*', '>', '.', ' ', '%2F', 'ä', '🔒', '_', '\\', '$', ':', 'a.b', '-'];
      for (const name of names) {
        const p = `${name}${suffix}${name}`;
        const put = await stage.put(`${p}/a`, name);
        await stage.put(p, 'itself');
        equal(await stage.get(`${p}/a`), put.entry, `get in ${JSON.stringify(p)}`);
        equal(await stage.keys(p), [`${p}/a`, p], `list of ${JSON.stringify(p)}`);
      }
      for (const name of names) {
        const p = `${name}${suffix}${name}`;
        equal(await stage.keys(p), [`${p}/a`, p], `list of ${JSON.stringify(p)}, later`);
      }
    },
  },
  {
    name: 'keys of 1,024 bytes of UTF-8 can be put, listed and deleted',
    async run(stage) {
      const p = stage.partition();
      const long = [
        `${p}/${'x'.repeat(1023 - p.length)}`,
        `${p}/${'é'.repeat((1022 - p.length) >> 1)}`,
        `${p}/${'🔒'.repeat((1023 - p.length) >> 2)}`,
        `${p}${'y'.repeat(1024 - p.length)}`,
      ];
      for (const key of long) {
        const put = await stage.put(key, 'long');
        equal(await stage.get(key), put.entry, 'get');
        equal(await stage.keys(key), [key], 'list');
        await stage.delete(key, { created: put.revision });
        equal(await stage.get(key), undefined, 'get after its deletion');
      }
    },
  },
  {
    name: 'values are bytes: none of them, all of them, and none that are text',
    async run(stage) {
      const p = stage.partition();
      const all = Uint8Array.from({ length: 256 }, (_, index) => index);
      const values = [
        new Uint8Array(0),
        all,
        Uint8Array.of(0),
        Uint8Array.of(0xff, 0xfe, 0xc0),
        all.subarray(3, 7),
      ];
      for (const [index, value] of values.entries()) {
        const key = `${p}/${index}`;
        const result = await stage.within('it is put', stage.store.put(key, value, absent));
        ok(result.outcome === 'applied', 'it takes effect');
        equal(result.entry.value, value, 'the value as written');
        equal((await stage.get(key))?.value, value, 'the value as got');
      }
      const { entries } = await stage.store.list(`${p}/`);
      equal(
        entries.map(({ value }) => value),
        values,
        'the values as listed',
      );
    },
  },
  {
    name: 'the largest value comes back whole, and one byte more is a RangeError',
    async run(stage) {
      const p = stage.partition();
      const { valueMaxBytes } = stage.capabilities;
      const value = new Uint8Array(Math.min(valueMaxBytes, 4_194_304)).map((_, index) => (index * 31) & 0xff);
      const result = await stage.within('it is put', stage.store.put(`${p}/a`, value, absent));
      ok(result.outcome === 'applied', 'it takes effect');
      const entry = await stage.get(`${p}/a`);
      ok(entry !== undefined && entry.value.length === value.length, 'it comes back as long');
      ok(
        entry.value.every((byte, index) => byte === value[index]),
        'it comes back as it was',
      );
      if (valueMaxBytes > 67_108_864) return;
      const tooLong = new Uint8Array(valueMaxBytes + 1);
      const thrown = await stage.thrown('a value that is too large', () =>
        stage.store.put(`${p}/b`, tooLong, absent),
      );
      ok(thrown instanceof RangeError, 'a value that is too large is a RangeError');
      ok(thrown.message.includes(`${valueMaxBytes}`), 'which names the limit');
      equal(await stage.get(`${p}/b`), undefined, 'nothing was put');
    },
  },
];
