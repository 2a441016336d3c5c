import type { Store } from '@quorate/core';

/** What a lie does instead of some of a store's methods. */
export type Lie = (store: Store) => { -readonly [Key in keyof Store]?: Store[Key] | undefined };

/** A store, with some of its methods exchanged; the others stay its own. */
export function dressed(store: Store, lie: Lie): Store {
  const lies = lie(store);
  return new Proxy(store, {
    get(target, name) {
      if (Object.hasOwn(lies, name)) return lies[name as keyof Store];
      const value = Reflect.get(target, name, target) as unknown;
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
