import { defaultLimits } from '@quorate/node';
import { describe, expect, test } from 'vitest';
import { Partition } from '../src/partition.ts';
import type { Member, ViewRecord } from '../src/view.ts';

const member = (id: string): Member => ({ id, url: `http://127.0.0.1:${8000 + Number(id.slice(1))}` });
const members = (...ids: string[]): Member[] => ids.map(member);
const put = (key: string, text: string) => ({ kind: 'put' as const, key, value: Buffer.from(text) });

const first: ViewRecord = { epoch: 1, members: members('n1'), base: members('n1'), lost: [] };
const joined: ViewRecord = { epoch: 2, members: members('n1', 'n2'), base: members('n1'), lost: [] };

/** One node with 200 keys, and the node that joins it, both in the view of the change. */
function joining(): { old: Partition; fresh: Partition; moved: string[] } {
  const old = new Partition('n1', defaultLimits);
  old.adopt(first);
  old.settle(1);
  for (let index = 0; index < 200; index++) old.apply(put(`k${index}`, `v${index}`));
  const fresh = new Partition('n2', defaultLimits);
  fresh.adopt(joined);
  old.adopt(joined);
  const moved = Array.from({ length: 200 }, (_, index) => `k${index}`).filter(
    key => old.view.owner(key) === 'n2',
  );
  return { old, fresh, moved };
}

describe('views', () => {
  test('follow each other without a gap; older ones change nothing', () => {
    const node = new Partition('n1', defaultLimits);
    expect(() => node.view).toThrow('has not been told');
    expect(node.adopt(first)).toBe('adopted');
    expect(node.adopt(first)).toBe('known');
    expect(() => node.adopt({ ...joined, epoch: 3 })).toThrow('View 3 cannot follow view 1');
    expect(node.adopt(joined)).toBe('adopted');
    expect(node.adopt(first)).toBe('older');
    expect(node.epoch).toBe(2);
  });

  test('a planned change waits until the one before has handed everything over', () => {
    const { fresh, old } = joining();
    const next = { epoch: 3, members: members('n1', 'n2', 'n3'), base: members('n1', 'n2'), lost: [] };
    expect(() => fresh.adopt(next)).toThrow('The handover of view 2 is not finished');
    expect(() => fresh.settle(2)).toThrow('keys are still to come');
    fresh.takeIn('n1', 2, old.handOver('n2', 0, 1000, 1e9));
    expect(() => fresh.settle(1)).toThrow('the node is in view 2');
    fresh.settle(2);
    expect(fresh.adopt(next)).toBe('adopted');
  });
});

describe('a handover', () => {
  test('leaves the old owner at once, and is pending at the new one until it has come', () => {
    const { old, fresh, moved } = joining();
    expect(moved.length).toBeGreaterThan(50);
    const key = moved[0] as string;
    expect(old.placeOf(key)).toEqual({ kind: 'elsewhere', owner: 'n2' });
    expect(fresh.placeOf(key)).toEqual({ kind: 'pending', source: 'n1' });
    expect(old.keyCount + old.outboxCount).toBe(200);
    expect(old.outboxCount).toBe(moved.length);
    fresh.takeInKeys('n1', 2, [key, 'nowhere'], old.handOverKeys('n2', [key, 'nowhere']));
    expect(fresh.placeOf(key)).toEqual({ kind: 'here' });
    expect(fresh.apply({ kind: 'get', key })).toMatchObject({
      kind: 'found',
      value: Buffer.from(`v${key.slice(1)}`),
    });
  });

  test('comes in pages within both limits, and the same page again when asked again', () => {
    const { old, moved } = joining();
    const page = old.handOver('n2', 0, 10, 1e9);
    expect([page.entries.length, page.next, page.complete]).toEqual([10, 10, false]);
    expect(old.handOver('n2', 0, 10, 1e9)).toEqual(page);
    expect(old.handOver('n2', 0, 1000, 1).entries).toHaveLength(1);
    const rest = old.handOver('n2', 10, 1000, 1e9);
    expect([rest.entries.length, rest.complete]).toEqual([moved.length - 10, true]);
    expect(old.handOver('n7', 0, 10, 1e9)).toEqual({ entries: [], next: 0, complete: true });
  });

  test('never brings back what was overwritten or deleted after an early pull', () => {
    const { old, fresh, moved } = joining();
    const [overwritten, deleted] = moved as [string, string];
    fresh.takeInKeys('n1', 2, [overwritten, deleted], old.handOverKeys('n2', [overwritten, deleted]));
    const stored = fresh.apply(put(overwritten, 'new'));
    fresh.apply({ kind: 'delete', key: deleted });
    fresh.takeIn('n1', 2, old.handOver('n2', 0, 1000, 1e9));
    expect(fresh.apply({ kind: 'get', key: overwritten })).toMatchObject({ value: Buffer.from('new') });
    expect(fresh.apply({ kind: 'get', key: deleted })).toEqual({ kind: 'absent' });
    expect(stored).toMatchObject({ kind: 'stored', created: false });
    expect(fresh.keyCount).toBe(moved.length - 1);
  });

  test('never brings back by an answer of an earlier handover what was deleted since', () => {
    const { old, fresh, moved } = joining();
    const key = moved[0] as string;
    const late = old.handOverKeys('n2', [key]);
    const page = old.handOver('n2', 0, 1000, 1e9);
    fresh.takeIn('n1', 2, page);
    fresh.apply({ kind: 'delete', key });
    fresh.settle(2);
    fresh.adopt({ epoch: 3, members: members('n2'), base: members('n1', 'n2'), lost: [] });
    expect(fresh.openSources).toEqual(['n1']);
    fresh.takeInKeys('n1', 2, [key], late);
    fresh.takeIn('n1', 2, page);
    fresh.takeInKeys('n1', 3, [key], []);
    expect(fresh.apply({ kind: 'get', key })).toEqual({ kind: 'absent' });
    expect(fresh.cursorOf('n1')).toBe(0);
  });

  test('gives versions above all of the old owner, without asking it', () => {
    const { old, fresh, moved } = joining();
    const key = moved[0] as string;
    const [, before] = old.handOverKeys('n2', [key])[0] ?? ['', { version: Number.NaN }];
    fresh.takeIn('n1', 2, old.handOver('n2', 0, 1000, 1e9));
    const stored = fresh.apply(put(key, 'new')) as { version: number };
    expect(stored.version).toBeGreaterThan(before.version);
  });

  test('keeps count of bytes through the move, and lets go when settled', () => {
    const { old, fresh } = joining();
    const bytes = old.byteCount;
    fresh.takeIn('n1', 2, old.handOver('n2', 0, 1000, 1e9));
    old.settle(2);
    fresh.settle(2);
    expect(old.byteCount + fresh.byteCount).toBe(bytes);
    expect([old.outboxCount, fresh.openSources]).toEqual([0, []]);
  });
});

describe('a crash in the middle of a handover', () => {
  const without: ViewRecord = { epoch: 3, members: members('n1'), base: members('n1'), lost: ['n2'] };

  test('of the new owner: what was not handed out comes back, what was is lost', () => {
    const { old, moved } = joining();
    const handed = old.handOver('n2', 0, 20, 1e9).entries.map(([key]) => key);
    old.adopt(without);
    const found = moved.filter(key => old.apply({ kind: 'get', key }).kind === 'found');
    expect(found).toEqual(moved.filter(key => !handed.includes(key)));
    expect(old.keyCount).toBe(200 - 20);
  });

  test('of the old owner: what has come stays, what has not is absent, and a page that arrives late is ignored', () => {
    const { old, fresh, moved } = joining();
    fresh.takeIn('n1', 2, old.handOver('n2', 0, 20, 1e9));
    const late = old.handOver('n2', 20, 1000, 1e9);
    fresh.adopt({ epoch: 3, members: members('n2'), base: members('n1'), lost: ['n1'] });
    expect(fresh.openSources).toEqual([]);
    const missing = moved[30] as string;
    expect(fresh.apply({ kind: 'get', key: missing })).toEqual({ kind: 'absent' });
    fresh.takeIn('n1', 2, late);
    expect(fresh.apply({ kind: 'get', key: missing })).toEqual({ kind: 'absent' });
    expect(fresh.keyCount).toBe(20);
  });

  test('of which the node that was given up hears itself: it lets go of everything and serves nothing', () => {
    const { old, fresh, moved } = joining();
    fresh.takeIn('n1', 2, old.handOver('n2', 0, 20, 1e9));
    fresh.adopt(without);
    expect([fresh.keyCount, fresh.openSources]).toEqual([0, []]);
    expect(fresh.placeOf(moved[0] as string)).toEqual({ kind: 'elsewhere', owner: 'n1' });
  });

  test('of a third: what was meant for it goes to its heir, which asks the old owner again', () => {
    const parts = new Map(['n1', 'n2', 'n3'].map(id => [id, new Partition(id, defaultLimits)]));
    const all = { epoch: 1, members: members('n1', 'n2', 'n3'), base: members('n1', 'n2', 'n3'), lost: [] };
    for (const part of parts.values()) {
      part.adopt(all);
      part.settle(1);
    }
    const [leaving, dying, heir] = ['n1', 'n2', 'n3'].map(id => parts.get(id) as Partition) as [
      Partition,
      Partition,
      Partition,
    ];
    const own = Array.from({ length: 600 }, (_, index) => `k${index}`).filter(
      key => leaving.view.owner(key) === 'n1',
    );
    for (const key of own) leaving.apply(put(key, key));
    const leave = { epoch: 2, members: members('n2', 'n3'), base: all.members, lost: [] };
    for (const part of parts.values()) part.adopt(leave);
    const taken = leaving.handOver('n3', 0, 1000, 1e9);
    heir.takeIn('n1', 2, taken);
    expect(heir.openSources).toEqual([]);
    const meant = own.filter(key => dying.view.owner(key) === 'n2');
    const gone = leaving.handOver('n2', 0, 5, 1e9).entries.map(([key]) => key);
    const crash = { epoch: 3, members: members('n3'), base: all.members, lost: ['n2'] };
    const stale = leaving.handOver('n3', taken.next, 1000, 1e9);
    leaving.adopt(crash);
    heir.adopt(crash);
    // What the old owner said before the crash about having no more is not believed any longer.
    heir.takeIn('n1', 2, stale);
    expect(heir.openSources).toEqual(['n1']);
    heir.takeIn('n1', 3, leaving.handOver('n3', heir.cursorOf('n1') ?? 0, 1000, 1e9));
    expect(heir.openSources).toEqual([]);
    const held = own.filter(key => heir.apply({ kind: 'get', key }).kind === 'found');
    expect(held).toEqual(own.filter(key => !gone.includes(key)));
    expect(meant.length).toBeGreaterThan(10);
  });
});
