import { expect, test } from 'vitest';
import { CoreCluster, type CoreClusterOptions } from './core-cluster.ts';

function settled(options: Partial<CoreClusterOptions> = {}): CoreCluster {
  const cluster = new CoreCluster({ seed: 'cluster', count: 10, ...options });
  cluster.startAll();
  cluster.until(() => cluster.isSettled(), 60_000);
  cluster.run(20_000);
  cluster.changes.length = 0;
  return cluster;
}

test('members that join by one seed all know each other, and stay with it', () => {
  const cluster = settled({ count: 40 });
  cluster.run(300_000);
  expect(cluster.isSettled()).toBe(true);
  expect(cluster.changes).toEqual([]);
});

test('a quiet cluster sends nothing but one probe and its answer per member and interval, and a digest now and then', () => {
  const cluster = settled({ count: 20 });
  cluster.run(60_000);
  const before = cluster.messageCount;
  cluster.run(600_000);
  const perMemberAndSecond = (cluster.messageCount - before) / 20 / 600;
  expect(perMemberAndSecond).toBeLessThan(2.2);
});

test('a crash is first suspected within two rounds, then everybody learns of it (SWIM §4.3)', () => {
  const cluster = settled();
  cluster.crash(4);
  const crashMs = cluster.nowMs;
  cluster.until(() => cluster.isSettled(), 60_000);
  const suspected = cluster.told('suspected').filter(({ of }) => of === 4);
  // Two rounds of nine probes, and the interval in which the last of them fails.
  expect(Math.min(...suspected.map(({ atMs }) => atMs)) - crashMs).toBeLessThan((2 * 9 + 1) * 1000);
  expect(
    cluster
      .told('failed')
      .map(({ at, of }) => `${at} of ${of}`)
      .sort(),
  ).toEqual([0, 1, 2, 3, 5, 6, 7, 8, 9].map(at => `${at} of 4`));
});

test('a restarted member belongs again, under a higher incarnation, and others are told that it is another process', () => {
  const cluster = settled();
  cluster.crash(3);
  cluster.run(500);
  cluster.start(3);
  cluster.until(() => cluster.isSettled() && cluster.told('restarted').length === 9, 60_000);
  expect(cluster.told('failed')).toEqual([]);
  cluster.crash(3);
  cluster.until(() => cluster.isSettled(), 60_000);
  cluster.changes.length = 0;
  cluster.start(3);
  cluster.until(() => cluster.isSettled(), 60_000);
  expect(cluster.told('joined').filter(({ of }) => of === 3)).toHaveLength(9);
});

test('a member whose clock was set back before it restarted outbids what is known of its earlier life', () => {
  const cluster = settled();
  cluster.crash(3);
  cluster.until(() => cluster.isSettled(), 60_000);
  const known = cluster.view(0, 3)?.incarnation as number;
  cluster.start(3, 0);
  cluster.until(() => cluster.isSettled(), 60_000);
  expect(cluster.view(0, 3)?.incarnation).toBeGreaterThan(known);
});

test('one link that loses everything makes nobody dead: others are asked', () => {
  const cluster = settled({
    delivers: (from, to) => !((from === 2 && to === 5) || (from === 5 && to === 2)),
  });
  cluster.run(600_000);
  expect(cluster.told('failed')).toEqual([]);
  expect(cluster.told('suspected')).toEqual([]);
});

test('a fifth of all messages lost makes suspects, and nobody dead', () => {
  const cluster = settled({ delivers: (_from, _to, random) => random.float() >= 0.2 });
  cluster.run(600_000);
  expect(cluster.told('failed')).toEqual([]);
});

test('messages that come twice, late and out of order change nothing', () => {
  const cluster = settled({ latencyMs: random => (random.below(10) === 0 ? 1 + random.float() * 400 : 1) });
  cluster.crash(7);
  cluster.until(() => cluster.isSettled(), 90_000);
  expect(cluster.told('failed').every(({ of }) => of === 7)).toBe(true);
});

test('two halves that were parted for long find each other again, and only know who was lost as dead until then', () => {
  let parted = false;
  const cluster = settled({ delivers: (from, to) => !parted || from < 5 === to < 5 });
  parted = true;
  cluster.until(
    () => [...cluster.swim(0).members()].filter(({ state }) => state === 'dead').length === 5,
    120_000,
  );
  cluster.run(120_000);
  parted = false;
  cluster.changes.length = 0;
  cluster.until(() => cluster.isSettled(), 60_000);
  // Nobody of one's own half is taken for dead on the word of the other half.
  const own = cluster.told('failed').filter(({ at, of }) => at < 5 === of < 5);
  expect(own).toEqual([]);
});

test('half a minute in which a process does not run makes nobody else dead, and it belongs again', () => {
  const cluster = settled();
  cluster.block(6, 30_000);
  cluster.run(30_000);
  cluster.until(() => cluster.isSettled(), 60_000);
  expect(cluster.told('failed').filter(({ at }) => at === 6)).toEqual([]);
  expect(cluster.told('failed').every(({ of }) => of === 6)).toBe(true);
});

test('who leaves is known to have left, and never as failed', () => {
  const cluster = settled();
  cluster.use(2, (swim, nowMs) => swim.leave(nowMs));
  cluster.run(3000);
  cluster.crash(2);
  cluster.run(120_000);
  expect(cluster.told('left').map(({ of }) => of)).toEqual(new Array(9).fill(2));
  expect(cluster.told('failed')).toEqual([]);
  expect(cluster.told('suspected')).toEqual([]);
  cluster.start(2);
  cluster.until(() => cluster.isSettled(), 60_000);
});

test('metadata reaches everybody, the last one wins, and newcomers have it too', () => {
  const cluster = settled();
  for (let value = 1; value <= 3; value++)
    cluster.use(1, (swim, nowMs) => swim.setMeta(Uint8Array.of(value), nowMs));
  cluster.run(10_000);
  cluster.crash(9);
  cluster.start(9);
  cluster.until(() => cluster.isSettled(), 60_000);
  for (let at = 0; at < 10; at++) expect([...(cluster.view(at, 1)?.meta ?? [])]).toEqual([3]);
});

test('the same seed does the same thing', () => {
  const hash = (): string => {
    const cluster = settled({ delivers: (_from, _to, random) => random.float() >= 0.1 });
    cluster.crash(1);
    cluster.run(60_000);
    return JSON.stringify([
      cluster.messageCount,
      cluster.changes.map(({ at, atMs, change }) => [at, atMs, change.type, change.member.id]),
    ]);
  };
  expect(hash()).toBe(hash());
});

test('two members alone: each finds that the other one is gone, and that it is back', () => {
  const cluster = settled({ count: 2, preset: 'local' });
  cluster.crash(1);
  cluster.until(() => cluster.isSettled(), 5000);
  expect(cluster.told('failed')).toHaveLength(1);
  cluster.start(1);
  cluster.until(() => cluster.isSettled(), 5000);
});

test('all members may crash and come back one after the other', () => {
  const cluster = settled({ count: 5, preset: 'local' });
  for (let at = 0; at < 5; at++) {
    cluster.crash(at);
    cluster.run(700);
    cluster.start(at);
  }
  cluster.until(() => cluster.isSettled(), 10_000);
  for (let at = 0; at < 5; at++) cluster.crash(at);
  for (let at = 4; at >= 0; at--) cluster.start(at);
  cluster.until(() => cluster.isSettled(), 10_000);
  expect(cluster.isSettled()).toBe(true);
});
