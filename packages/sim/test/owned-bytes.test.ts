import { groupId, logIndex, term } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { openSimJournal, SimJournalState } from '../src/journal/sim-journal.ts';
import { ManualWorld } from './manual-device.ts';
import { absent, Stand, textOf } from './store-stand.ts';

/** `slice` of a Node Buffer is a view: who copies with it shares its caller's memory. */
describe('a Node Buffer is copied as any bytes are', () => {
  test('by the store', async () => {
    const stand = new Stand();
    const session = await stand.session();
    const values = ['put', 'batch', 'queue'].map(text => Buffer.from(text));
    const [put, batch, queue] = values as [Buffer, Buffer, Buffer];
    const calls = [
      stand.store.put('p/put', put, absent),
      stand.store.batch(new Map(), [{ type: 'put', key: 'p/batch', value: batch }]),
      stand.store.enqueue('p/queue/', queue, { session: session.id }),
    ];
    for (const value of values) value.fill('x');
    await stand.do(Promise.all(calls));
    const { entries } = await stand.do(stand.store.list('p/'));
    expect(new Set(entries.map(textOf))).toEqual(new Set(['batch', 'put', 'queue']));
  });

  test('by the journal', async () => {
    const world = new ManualWorld(0);
    const device = world.device();
    const journal = openSimJournal(device, new SimJournalState(), { clock: device.clock() });
    const group = groupId(1);
    const payload = Buffer.from('payload');
    const entry = { index: logIndex(1), term: term(1), kind: 0, payload };
    const written = journal.write({ group, entries: [entry] });
    payload.fill('x');
    await world.until(written);
    const [read] = await world.until(journal.read(group, logIndex(1), logIndex(2)));
    expect(Buffer.from(read?.payload ?? []).toString()).toBe('payload');

    const membership = Buffer.from('membership');
    const chunk = Buffer.from('chunk');
    const chunks = async function* (): AsyncGenerator<Uint8Array> {
      yield chunk;
      chunk.fill('x');
    };
    const metadata = { index: logIndex(1), term: term(1), membership };
    await world.until(journal.saveSnapshot(group, metadata, chunks()));
    membership.fill('x');
    expect(Buffer.from(journal.recover(group).snapshot?.membership ?? []).toString()).toBe('membership');
    for (let reading = 1; reading <= 2; reading++) {
      const found = await world.until(Array.fromAsync(journal.openSnapshot(group)?.chunks ?? []));
      expect(found.map(bytes => Buffer.from(bytes).toString())).toEqual(['chunk']);
      for (const bytes of found) bytes.fill(0);
    }
  });
});
