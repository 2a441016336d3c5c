import { ManualClock } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { GapMeter } from '../../src/replication/gap-meter.ts';
import { History } from '../../src/replication/history.ts';
import { judge } from '../../src/replication/judge.ts';
import { Replication } from '../../src/replication/replication.ts';

describe('the gap', () => {
  test('is from the last write of a term to the first one of a later term', () => {
    const meter = new GapMeter();
    expect(meter.last).toBeUndefined();
    for (const atMs of [10, 20, 30]) meter.acknowledged(1, atMs);
    expect(meter.last).toBeUndefined();
    meter.acknowledged(3, 730);
    meter.acknowledged(3, 740);
    expect(meter.last).toEqual({ gapMs: 700, termBefore: 1, term: 3 });
    meter.acknowledged(1, 745);
    meter.acknowledged(4, 760);
    expect(meter.last).toEqual({ gapMs: 20, termBefore: 3, term: 4 });
  });
});

describe('the history', () => {
  const clock = new ManualClock();
  const at = async (history: History, calls: () => void): Promise<void> => {
    clock.advance(10);
    calls();
    void history;
  };

  test('leaves open what was not answered: it may have happened, or not', async () => {
    const history = new History(clock);
    history.begin('a', { type: 'put', key: 'k', value: '1' });
    await at(history, () => {});
    for (const found of [null, '1']) {
      const read = history.begin('b', { type: 'get', key: 'k' });
      await at(history, () => read.answered(found));
    }
    expect(history.openCount).toBe(1);
    expect(await judge(history, clock)).toMatchObject({ verdict: 'ok', operations: 3, open: 1, keys: 1 });
  });

  test('is a violation where an acknowledged write is not read', async () => {
    const history = new History(clock);
    const write = history.begin('a', { type: 'put', key: 'k', value: '1' });
    await at(history, () => write.answered(undefined));
    await at(history, () => {});
    const read = history.begin('b', { type: 'get', key: 'k' });
    await at(history, () => read.answered(null));
    const verdict = await judge(history, clock);
    expect(verdict.verdict).toBe('violation');
    expect(verdict.detail).toContain('get "k"');
  });

  test('knows the newest acknowledged write of a key by its version, not by when it was heard of', () => {
    const history = new History(clock);
    history.acknowledge({ key: 'k', value: 'new', version: 9, term: 1 });
    history.acknowledge({ key: 'k', value: 'old', version: 8, term: 1 });
    expect(history.lastAcknowledged().get('k')?.value).toBe('new');
  });
});

test.each([
  [2, 3],
  [3, 3],
  [4, 3],
  [5, 5],
  [8, 7],
  [9, 9],
])('of %i nodes a group has %i: an even number bears no more failures', (nodes, size) => {
  expect(Replication.sizeFor(nodes)).toBe(size);
});
