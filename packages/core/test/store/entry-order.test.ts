import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Revision } from '../../src/ids.ts';
import { EntryOrder } from '../../src/store/entry-order.ts';
import type { Entry } from '../../src/store/store.ts';

function entry(key: string, revision: number): Entry {
  return { key, value: new Uint8Array(), created: revision as Revision, modified: revision as Revision };
}

/** Entries in a plain list, as slowly as it can be done. */
class PlainOrder {
  entries: Entry[] = [];

  set(next: Entry): void {
    const place = this.entries.findIndex(({ key }) => key === next.key);
    if (place === -1) this.entries.push(next);
    else this.entries[place] = next;
  }

  delete(name: string): void {
    this.entries = this.entries.filter(({ key }) => key !== name);
  }
}

const key = fc.constantFrom(...Array.from({ length: 90 }, (_, index) => `${index % 3}/${index}`));
const steps = fc.array(
  fc.record({ type: fc.constantFrom('set', 'set', 'delete', 'deleteFirst', 'deleteLast'), key }),
  { maxLength: 400 },
);

test('is a list of entries in order of creation, whatever is added and deleted, from either end', () => {
  fc.assert(
    fc.property(steps, script => {
      const order = new EntryOrder();
      const plain = new PlainOrder();
      for (const [index, step] of script.entries()) {
        const name =
          step.type === 'deleteFirst'
            ? plain.entries[0]?.key
            : step.type === 'deleteLast'
              ? plain.entries.at(-1)?.key
              : step.key;
        if (name === undefined) continue;
        const next = entry(name, index);
        for (const side of [order, plain]) {
          if (step.type === 'set') side.set(next);
          else side.delete(name);
        }
        expect(order.size).toBe(plain.entries.length);
        expect(order.get(name)).toBe(plain.entries.find(other => other.key === name));
        for (const prefix of ['', '0/', '1/2', 'x']) {
          const expected = plain.entries.filter(other => other.key.startsWith(prefix));
          expect(order.first(prefix)).toBe(expected[0]);
          expect(order.last(prefix)).toBe(expected.at(-1));
        }
      }
      expect([...order.oldestFirst('')]).toEqual(plain.entries);
      expect([...order.newestFirst('1/')]).toEqual(
        plain.entries.filter(other => other.key.startsWith('1/')).toReversed(),
      );
    }),
  );
});

describe('a list that empties', () => {
  test('begins again at its start, so that what comes next is found', () => {
    const order = new EntryOrder();
    for (let round = 0; round < 100; round++) {
      order.set(entry('a', round));
      order.set(entry('b', round));
      order.delete('a');
      expect([...order.oldestFirst('')].map(({ key: name }) => name)).toEqual(['b']);
      order.delete('b');
      expect(order.first('')).toBeUndefined();
      expect(order.last('')).toBeUndefined();
    }
  });

  test('as a queue does, from its front, keeps no more places than half of them are holes', () => {
    const order = new EntryOrder();
    const looked = { count: 0 };
    const counted = new Proxy(entry('q/0', 0), {
      get: (target, name) => {
        looked.count++;
        return Reflect.get(target, name) as unknown;
      },
    });
    for (let index = 1; index <= 20_000; index++) {
      order.set(entry(`q/${index}`, index));
      if (index > 5) order.delete(`q/${index - 5}`);
    }
    order.set(counted);
    expect(order.last('q/')).toBe(counted);
    expect(order.first('q/')?.key).toBe('q/19996');
    expect([...order.oldestFirst('q/')].length).toBe(6);
    expect(looked.count).toBeLessThan(20);
  });
});
