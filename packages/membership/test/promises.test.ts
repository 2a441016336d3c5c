import { readFileSync } from 'node:fs';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { errorCode, nodeId } from '@quorate/core';
import { createInProcessNetwork } from '@quorate/transport';
import { expect, test, vi } from 'vitest';
import { PhiAccrual, type Preset, createMembership, presets } from '../src/index.ts';
import { CoreCluster } from './swim/core-cluster.ts';
import { LoneCore } from './swim/lone-core.ts';
import { Net, turns } from './net.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const unitMs: Readonly<Record<string, number>> = { s: 1000, min: 60_000, h: 3_600_000 };

/** `5 s` and `40` as a number, `true` as it is. */
function valueOf(cell: string): number | boolean {
  if (cell === '`true`') return true;
  const [amount = '', unit] = cell.replaceAll(',', '').split(' ');
  return Number(amount) * (unit === undefined ? 1 : (unitMs[unit] ?? Number.NaN));
}

test('the presets are those of the table in the README', () => {
  const rows = [...readme.matchAll(/^\| (`\w+`[^|]*) \|[^|]*\| ([^|]+) \| ([^|]+) \| ([^|]+) \|/gmu)];
  let compared = 0;
  for (const [, names = '', ...cells] of rows) {
    const fields = [...names.matchAll(/`(\w+)`/gu)].map(([, name = '']) => name);
    if (fields.some(field => !(field in presets.lan))) continue;
    for (const [at, preset] of (['local', 'lan', 'wan'] as const).entries()) {
      const given = (cells[at] ?? '').trim();
      const same = given === 'the same' ? (cells[0] ?? '').trim() : given;
      const values = fields.length === 1 ? [same] : same.split(/, /u);
      for (const [index, field] of fields.entries()) {
        const tuning = presets[preset] as unknown as Record<string, unknown>;
        expect([preset, field, valueOf(values[index] ?? '')]).toEqual([preset, field, tuning[field]]);
        compared++;
      }
    }
  }
  expect(compared).toBe(3 * Object.keys(presets.lan).length);
});

test.each<Preset>(['local', 'lan', 'wan'])(
  'under the preset %s a crash is found, and nobody else is taken for dead',
  preset => {
    const { probeIntervalMs, suspicionFactor, suspicionMaxFactor } = presets[preset];
    const cluster = new CoreCluster({ seed: 'preset', count: 10, preset });
    cluster.startAll();
    cluster.until(() => cluster.isSettled(), 60 * probeIntervalMs);
    cluster.run(20 * probeIntervalMs);
    cluster.changes.length = 0;
    cluster.crash(4);
    // Two rounds, the longest suspicion, and some intervals in which it is told on.
    const intervals = 2 * 9 + 1 + suspicionFactor * suspicionMaxFactor + 10;
    cluster.until(() => cluster.isSettled(), intervals * probeIntervalMs);
    const failed = cluster.told('failed').map(({ of }) => of);
    expect(failed).toEqual(Array.from({ length: 9 }, () => 4));
  },
);

test('an event loop that is blocked makes this member doubt itself, by its own timers', async () => {
  const network = createInProcessNetwork();
  await using one = createMembership({ transport: network.transport(nodeId('one')), preset: 'local' });
  await using other = createMembership({
    transport: network.transport(nodeId('other')),
    preset: 'local',
    seeds: ['one'],
  });
  await one.start();
  await other.start();
  await Promise.all([one.join(), other.join()]);
  await vi.waitUntil(() => other.status().healthScore === 0, { timeout: 30_000, interval: 1 });
  const blockedMs = 1500;
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, blockedMs);
  const { probeIntervalMs } = presets.local;
  // Something was due within an interval of the moment at which it stopped: of one step of bad health, at most.
  const leastMs = blockedMs - 2 * probeIntervalMs;
  await vi.waitUntil(() => other.status().lateMaxMs >= leastMs, { timeout: 30_000, interval: 1 });
  expect(other.status().healthScore).toBeGreaterThan(0);
  expect(other.members().map(({ id }) => id)).toEqual(['one', 'other']);
});

test('without Lifeguard a member does not doubt itself, however late its timers are', () => {
  const core = new LoneCore({ tuning: { lifeguard: false } }).know('a');
  core.swim.delayed(30_000, 0);
  expect(core.swim.healthScore).toBe(0);
});

test('exchanges with a random member are the rarer the more there are, from 33 on', () => {
  const sent = (count: number): number => {
    const core = new LoneCore({ tuning: { syncIntervalMs: 1000 } });
    core.know(...Array.from({ length: count - 1 }, (_, at) => `m${at}`));
    let total = 0;
    for (let step = 0; step < 6000; step++) {
      core.pass(10);
      for (const { to, type, message } of core.sent()) {
        if (type === 'ping') core.receive(to, { type: 'ack', sequence: message.sequence });
        else if (type === 'sync') total++;
      }
    }
    return total;
  };
  // A minute, in which there is one a second; then 1 + ceil(log2(n / 32)) times as rarely.
  expect([sent(32), sent(33), sent(64), sent(65), sent(256)]).toEqual([60, 30, 30, 20, 15]);
});

test('probes for others are bounded: what is beyond is not taken on, and those that ended make room', () => {
  const core = new LoneCore().know('a', 'b');
  const asked = (count: number): number => {
    for (let sequence = 0; sequence < count; sequence++)
      core.receive('b', { type: 'pingReq', sequence, target: nodeId('a') });
    return core.sent('ping').filter(({ to }) => to === 'a').length;
  };
  expect([asked(1500), asked(10)]).toEqual([1024, 0]);
  const { probeIntervalMs, localHealthMax } = core.tuning;
  core.pass(probeIntervalMs * (localHealthMax + 1) + 100);
  core.sent();
  expect(asked(10)).toBe(10);
});

test('every change at every member of this process is told on a diagnostics channel', async () => {
  const heard: string[] = [];
  const listener = (message: unknown): void => {
    const { self, change } = message as { self: string; change: { type: string; member: { id: string } } };
    heard.push(`${self}: ${change.type} ${change.member.id}`);
  };
  subscribe('quorate:membership:change', listener);
  try {
    const net = new Net();
    await net.member('a');
    await net.member('b');
    net.clock.advance(1000);
    await turns();
    expect(heard.sort()).toEqual(['a: joined b', 'b: joined a']);
  } finally {
    unsubscribe('quorate:membership:change', listener);
  }
});

test('a member’s detector says how much it is doubted: phi grows with its silence, and falls when it is back', async () => {
  const net = new Net();
  const a = await net.member('a', { preset: 'lan', detectorOf: () => new PhiAccrual() });
  await net.member('b', { preset: 'lan' });
  net.clock.advance(60_000);
  const well = a.score('b') ?? Number.NaN;
  net.unknown = 'a'; // Nothing that is sent to it leaves.
  net.clock.advance(3000);
  const silent = a.score('b') ?? Number.NaN;
  net.unknown = '';
  net.clock.advance(5000);
  expect(silent).toBeGreaterThan(well + 1);
  expect(a.score('b')).toBeLessThan(silent);
  expect([a.score('nobody'), a.score('a')]).toEqual([undefined, undefined]);
});

test('a wait to join or to leave ends by its signal and by its deadline', async () => {
  const net = new Net();
  const a = await net.member('a', { seeds: ['nobody'] });
  const ending = new AbortController();
  const joining = a.join({ signal: ending.signal }).then(() => 'joined', errorCode);
  ending.abort();
  expect(await joining).toBe('ABORTED');
  const b = await net.member('b');
  net.clock.advance(1000);
  expect(await b.leave({ deadlineMs: 0 }).then(() => 'left', errorCode)).toBe('DEADLINE_EXCEEDED');
  // It goes on being told.
  net.clock.advance(5000);
  expect(a.member('b')?.state).toBe('left');
});
