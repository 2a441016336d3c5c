import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildPage } from '../page/build-page.ts';
import { Run } from '../page/run.ts';
import type { RunResult } from '../src/run-result.ts';
import type { TraceDetail, TraceEvent } from '../src/trace/trace-event.ts';
import { divergence } from '../src/viewer/divergence.ts';
import { eventText, timeText } from '../src/viewer/event-text.ts';
import { flatDetail } from '../src/viewer/flat-detail.ts';
import { effectTimes } from '../src/viewer/linearization.ts';
import { lanesOf, packTrace } from '../src/viewer/pack-trace.ts';
import type { PageData } from '../src/viewer/page-data.ts';
import { findingPosition, pageDataOf } from '../src/viewer/page-data-of.ts';
import { renderTrace } from '../src/viewer/render-trace.ts';
import { valueText } from '../src/viewer/value-text.ts';
import { madeLinearization, madeRun } from './viewer-runs.ts';

const run = madeRun({ events: 600 });
const html = renderTrace(run, { replayLine: 'pnpm sim a --replay "<b>"' });

function dataIn(page: string): PageData {
  const text = /<script type="application\/json" id="data">([\s\S]*?)<\/script>/.exec(page)?.[1] ?? '';
  return JSON.parse(text) as PageData;
}

function event(atUs: number, node: string, detail: TraceDetail): Omit<TraceEvent, 'index'> {
  return { atUs, node, detail };
}

function traced(events: readonly Omit<TraceEvent, 'index'>[], result: Partial<RunResult> = {}): RunResult {
  const trace = events.map((one, index) => ({ index, ...one }));
  return { ...madeRun({ events: 10, ok: true }), history: [], trace, events: trace.length, ...result };
}

describe('packTrace', () => {
  it('gives back every event of a run, whatever its kind', () => {
    const data = pageDataOf(run).runs[0];
    if (data === undefined) throw new Error('There is no run');
    const unpacked = new Run(JSON.parse(JSON.stringify(data)) as typeof data);
    expect(unpacked.count).toBe(run.trace?.length);
    for (const [position, { atUs, node, detail }] of (run.trace ?? []).entries()) {
      expect(unpacked.time(position)).toBe(atUs);
      expect(unpacked.node(position)).toBe(node);
      expect(unpacked.detail(position)).toEqual(flatDetail(detail));
    }
  });

  it('gives back any fields and numbers of events, absent ones too', () => {
    const field = fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.string());
    const detail = fc.record(
      {
        type: fc.constantFrom('a', 'b'),
        x: field,
        y: fc.option(fc.integer(), { nil: undefined }),
        z: fc.string(),
      },
      { requiredKeys: ['type'] },
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(1e9), fc.constantFrom('', 'n1', 'n2'), detail, fc.nat(3))),
        made => {
          let [atUs, index] = [0, -1];
          const trace = made.map(([later, node, own, gap]) => {
            atUs += later;
            index += gap + 1;
            return { index, atUs, node, detail: own as unknown as TraceDetail };
          });
          const packed = JSON.parse(JSON.stringify(packTrace(trace))) as ReturnType<typeof packTrace>;
          const unpacked = new Run({ ...packed, title: '', endUs: 1, points: [] });
          for (const [position, one] of trace.entries()) {
            expect(unpacked.time(position)).toBe(one.atUs);
            expect(unpacked.node(position)).toBe(one.node);
            expect(unpacked.number(position)).toBe(one.index);
            const flat = Object.entries(flatDetail(one.detail)).map(([name, value]) => [name, String(value)]);
            const own = Object.entries(unpacked.detail(position)).map(([name, value]) => [
              name,
              String(value),
            ]);
            expect(Object.fromEntries(own)).toEqual(Object.fromEntries(flat));
          }
        },
      ),
    );
  });

  it('keeps 100 bytes or fewer for each event', () => {
    expect(JSON.stringify(pageDataOf(run)).length / (run.trace?.length ?? 1)).toBeLessThan(100);
  });

  it('puts nodes before clients, and n2 before n10', () => {
    const trace = [
      event(0, 'c1', { type: 'invoke', operation: 0, input: 1 }),
      event(0, 'n10', { type: 'start', incarnation: 1 }),
      event(0, 'n2', { type: 'start', incarnation: 1 }),
      event(1, 'c0', { type: 'timer' }),
      event(2, '', { type: 'phase', phase: 'end' }),
    ];
    expect(
      lanesOf(traced(trace).trace ?? []).map(({ name, client }) => `${name}${client ? '*' : ''}`),
    ).toEqual(['n2', 'n10', 'c0*', 'c1*']);
  });
});

describe('valueText', () => {
  it('writes any value as JavaScript would, within bounds', () => {
    const cycle: Record<string, unknown> = { a: 1n, 'b c': [true, null, undefined] };
    cycle['self'] = cycle;
    expect(valueText(cycle)).toBe('{ a: 1n, "b c": [true, null, undefined], self: … }');
    expect(valueText(new Map([['k', new Set([1])]]))).toBe('Map [["k", Set [1]]]');
    expect(valueText(Uint8Array.of(1, 255))).toBe('bytes(2)<01 ff>');
    expect(valueText({ toString: 1, [Symbol('x')]: 2 })).toBe('{ toString: 1 }');
    expect(valueText(new RangeError('too far'))).toBe('RangeError: too far');
    expect(valueText('x'.repeat(1e5))).toHaveLength(4001);
    expect(valueText([])).toBe('[]');
    expect(valueText({})).toBe('{}');
    const throws = Object.defineProperty({}, 'x', {
      enumerable: true,
      get: () => {
        throw new Error('no');
      },
    });
    expect(valueText(throws)).toBe('{ x: Error: no }');
  });

  it('ends for every value', () => {
    fc.assert(fc.property(fc.anything(), value => typeof valueText(value) === 'string'));
  });
});

describe('eventText', () => {
  it('has words for every kind, and fields for kinds it does not know', () => {
    const texts = new Set((run.trace ?? []).map(({ detail }) => eventText(flatDetail(detail))));
    for (const text of texts) expect(text).not.toMatch(/undefined|\[object/);
    expect(eventText({ type: 'new-kind', size: 3 })).toBe('new-kind size 3');
    expect(eventText({ type: 'deliver', message: 1, from: 'a', corrupted: 'true' })).toBe(
      'receives message 1 from a, corrupted',
    );
  });

  it('has times to the microsecond', () => {
    expect([0, 1, 1_234_567, 3_600_000_000].map(timeText)).toEqual([
      '0.000 000 s',
      '0.000 001 s',
      '1.234 567 s',
      '3,600.000 000 s',
    ]);
  });
});

describe('effectTimes', () => {
  const calls = [
    event(10, 'c', { type: 'invoke', operation: 0, input: { op: 'read' } }),
    event(20, 'c', { type: 'open', operation: 0, why: 'not applied: BUSY' }),
    event(30, 'c', { type: 'invoke', operation: 1, input: { op: 'read' } }),
    event(35, 'd', { type: 'invoke', operation: 2, input: { op: 'write' } }),
    event(50, 'c', { type: 'return', operation: 1, output: 2 }),
    event(60, 'd', { type: 'return', operation: 2, output: 'ok' }),
  ];
  const result = traced(calls, {
    history: [
      { process: 'c', input: { op: 'read' }, output: 2, invokedAt: 30, returnedAt: 50 },
      { process: 'd', input: { op: 'write' }, output: 'ok', invokedAt: 35, returnedAt: 60 },
    ],
  });

  it('finds the calls of the history, without those that never were applied', () => {
    const order = Int32Array.of(1, 0);
    const linearization = [{ partition: undefined, order }];
    expect(effectTimes(result, { verdict: 'ok', linearization, steps: 1 })).toEqual({
      points: [
        [
          [2, 35],
          [1, 35],
        ],
      ],
    });
  });

  it('takes the longest prefix of a violation, and the operation that does not fit, from the finding itself', () => {
    const details = { prefix: [result.history[1]], stuck: [result.history[0]], state: 0 };
    const found = {
      ...result,
      verdict: 'violation',
      finding: { rule: 'linearizability', message: '', details },
    };
    const data = pageDataOf(found as RunResult).runs[0];
    expect(data).toMatchObject({ points: [[[2, 35]]], misfit: 1, finding: 4 });
  });
});

describe('findingPosition', () => {
  it('is the event that tells of it, or the last that is not after its time', () => {
    expect(run.trace?.[findingPosition(run) ?? -1]?.detail.type).toBe('finding');
    expect(findingPosition(madeRun({ ok: true }))).toBeUndefined();
    const early = { ...run, finding: { rule: 'a', message: 'b', atMs: (run.trace?.[5]?.atUs ?? 0) / 1000 } };
    expect(run.trace?.[findingPosition(early) ?? -1]?.atUs).toBe(run.trace?.[5]?.atUs);
  });
});

describe('divergence', () => {
  const trace = run.trace ?? [];

  it('is the first event that differs, or that only one has', () => {
    expect(divergence(trace, trace)).toBeUndefined();
    expect(divergence(trace, structuredClone(trace) as TraceEvent[])).toBeUndefined();
    expect(divergence(trace, trace.slice(0, 9))).toBe(9);
    const changed = trace.map(one => (one.index === 17 ? { ...one, atUs: one.atUs + 1 } : one));
    expect(divergence(trace, changed)).toBe(17);
  });
});

describe('renderTrace', () => {
  it('refuses a run without its events', () => {
    const { trace: _, ...without } = run;
    expect(() => renderTrace(without)).toThrow(
      new TypeError(
        'Run must have been made with record: received a result without trace of "quorum-register, seed 7"',
      ),
    );
  });

  it('has scenario, seed, verdict, hash and the line that replays it, and no markup of the run', () => {
    for (const text of ['quorum-register</h1>', '>violation<', '0123456789abcdef', 'written &lt;&amp;&gt;']) {
      expect(html).toContain(text);
    }
    expect(html).toContain('--replay &quot;&lt;b&gt;&quot;</code>');
    const hostile = '</script><script>alert(1)</script><!--';
    const hostileRun = traced([event(1, hostile, { type: 'log', text: hostile })], { scenario: hostile });
    const page = renderTrace(hostileRun);
    expect(page).not.toContain('<script>alert');
    expect(page.match(/<script/g)).toHaveLength(2);
    expect(dataIn(page).runs[0]?.strings).toContain(hostile);
  });

  it('lets in its own script and style alone', () => {
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1] ?? '';
    const digest = (text = ''): string => `sha256-${createHash('sha256').update(text).digest('base64')}`;
    const script = /<script type="module">([\s\S]*?)<\/script>/.exec(html)?.[1];
    const style = /<style>([\s\S]*?)<\/style>/.exec(html)?.[1];
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain(`script-src '${digest(script)}'`);
    expect(policy).toContain(`style-src '${digest(style)}'`);
  });

  it('has a table of the events around the finding for those who cannot see pictures', () => {
    const table = html.slice(html.indexOf('<table'), html.indexOf('</table>'));
    expect(table).toMatch(/<tr class="here"><td>[\d. ]+ s<\/td><td>client-1<\/td><td>linearizability: /);
    expect(table.match(/<tr/g)).toHaveLength(1 + 41);
  });

  it('marks where two runs part, side by side', () => {
    const page = renderTrace(run, { compare: madeRun({ events: 600, ok: true }) });
    const part = dataIn(page).divergence ?? -1;
    expect(run.trace?.[part]?.detail.type).toBe('finding');
    expect(page).toContain(`The runs part at event ${part}<`);
    expect(page).toMatch(/<tr class="differs"><td>\d+<\/td><td><a [^>]*>[^<]*linearizability/);
    expect(renderTrace(run, { compare: run })).toContain('Both runs have the same');
  });

  it('bears runs in which nothing happened', () => {
    const page = renderTrace(traced([], { simulatedMs: 0 }), {
      linearization: madeLinearization(traced([])),
    });
    expect(page.replace(/<script type="module">[\s\S]*/, '')).not.toMatch(/NaN|undefined/);
    expect(dataIn(page).runs[0]).toMatchObject({ kind: [], lanes: [], points: [[]] });
  });
});

describe('page.gen.ts', () => {
  it('is what page/build-page.ts makes of the sources: run it after changing these', () => {
    const made = readFileSync(join(import.meta.dirname, '../src/viewer/page.gen.ts'), 'utf8');
    expect(made === buildPage()).toBe(true);
  });
});
