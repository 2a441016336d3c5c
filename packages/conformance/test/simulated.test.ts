import { describe, expect, test } from 'vitest';
import { storeCases } from '../src/index.ts';
import { dressed, type Lie } from './dressed-store.ts';
import { runSimulated } from './sim-subject.ts';

/** A store that has the verbs of every store alone, and says so. */
const plain: Lie = ({ capabilities }) => ({
  enqueue: undefined,
  add: undefined,
  batch: undefined,
  capabilities: { ...capabilities, verbs: { enqueue: false, add: false, batch: false } },
});

describe.each([
  ['the simulated store', () => ({})],
  ['a store without the optional verbs', plain],
])('%s keeps what the seam promises', (_name, lie: Lie) => {
  test.for(storeCases)('$name', async (storeCase, { skip }) => {
    const { reason, result } = await runSimulated(storeCase, () => store => dressed(store, lie));
    if (reason !== undefined) skip(reason);
    expect(result.verdict).toBe('ok');
  });
});

test('names of cases are unique, and what they need is an exception', () => {
  expect(new Set(storeCases.map(({ name }) => name)).size).toBe(storeCases.length);
  const exclusive = storeCases.filter(({ exclusive: isExclusive }) => isExclusive === true);
  expect(exclusive.every(({ needs }) => needs !== undefined)).toBe(true);
});
