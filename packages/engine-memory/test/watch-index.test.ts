import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WatchIndex } from '../src/watch-index.ts';

test('finds those whose prefix a key begins with, as looking at all of them does', () => {
  const prefix = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 5 });
  const step = fc.record({ prefix, isDeleted: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.array(prefix), (script, keys) => {
      const index = new WatchIndex<{ readonly prefix: string }>();
      const all: { readonly prefix: string }[] = [];
      for (const next of script) {
        if (next.isDeleted && all.length > 0) {
          const gone = all.splice(next.prefix.length % all.length, 1)[0]!;
          index.delete(gone);
          index.delete(gone);
        } else {
          all.push(next);
          index.add(next);
        }
      }
      expect(index.isEmpty).toBe(all.length === 0);
      for (const key of keys) {
        const found = new Set<unknown>();
        index.forEach(key, watcher => found.add(watcher));
        expect(found).toEqual(new Set(all.filter(watcher => key.startsWith(watcher.prefix))));
      }
    }),
  );
});
