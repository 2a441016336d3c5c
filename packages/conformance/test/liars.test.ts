import { describe, expect, test } from 'vitest';
import { storeCases } from '../src/index.ts';
import { dressed } from './dressed-store.ts';
import { liars } from './liars.ts';
import { namedLiars } from './named-liars.ts';
import { runSimulated } from './sim-subject.ts';

describe('a store is caught that', { timeout: 120_000 }, () => {
  test.for(Object.entries(liars))('%s', async ([, liar]) => {
    const caught = await firstBroken(() => {
      const lie = liar();
      return store => dressed(store, lie);
    });
    expect(caught).toBeDefined();
  });

  test('is dressed in nothing, and tells no lie: it is not caught', async () => {
    expect(await firstBroken(() => store => dressed(store, () => ({})))).toBeUndefined();
  }, 60_000);
});

describe('a case catches the store that', { timeout: 120_000 }, () => {
  test.for(namedLiars)('%s: %s', async ([name, , liar]) => {
    const storeCase = storeCases.find(each => each.name === name);
    const lie = liar();
    const run = runSimulated(storeCase as (typeof storeCases)[number], () => store => dressed(store, lie));
    await expect(run).rejects.toThrow(`"${name}" is not kept`);
  });
});

/** What the first case says that is not kept. */
async function firstBroken(wrap: Parameters<typeof runSimulated>[1]): Promise<string | undefined> {
  for (const storeCase of storeCases) {
    try {
      await runSimulated(storeCase, wrap);
    } catch (thrown) {
      return (thrown as Error).message;
    }
  }
  return undefined;
}
