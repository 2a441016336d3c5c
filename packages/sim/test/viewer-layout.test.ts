import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAddress, writeAddress } from '../page/address.ts';
import { busySpan } from '../page/busy-span.ts';
import { Filter } from '../page/filter.ts';
import { callTop, layOut } from '../page/lane-layout.ts';
import { effectsOf, type RunModel, runModel } from '../page/run-model.ts';
import { terse } from '../page/scene.ts';
import { roundStep, ticks } from '../page/ticks.ts';
import { View } from '../page/view.ts';
import type { RunResult } from '../src/run-result.ts';
import { pageDataOf } from '../src/viewer/page-data-of.ts';
import { madeLinearization, madeRun, Recorder } from './viewer-runs.ts';

function modelOf(result: RunResult): RunModel {
  const data = pageDataOf(result, madeLinearization(result)).runs[0];
  if (data === undefined) throw new Error('There is no run');
  return runModel(data);
}

/** A run of a few events. */
function recorded(record: (recorder: Recorder) => void): RunModel {
  const recorder = new Recorder();
  record(recorder);
  return modelOf({
    ...madeRun({ events: 10, ok: true }),
    history: [],
    simulatedMs: 1,
    trace: recorder.trace(),
  });
}

describe('linksOf', () => {
  const model = recorded(recorder => {
    recorder.at(0, 'a', { type: 'start', incarnation: 1 });
    recorder.at(0, 'b', { type: 'start', incarnation: 1 });
    recorder.at(10, 'a', { type: 'timer' });
    for (const message of [0, 1, 2, 3]) recorder.at(10, 'a', { type: 'send', message, to: 'b', bytes: 1 });
    recorder.at(20, 'b', { type: 'deliver', message: 0, from: 'a' });
    recorder.at(20, 'b', { type: 'fact', fact: { type: 'got' } });
    recorder.at(25, 'b', { type: 'deliver', message: 0, from: 'a' });
    recorder.at(30, 'b', { type: 'deliver', message: 1, from: 'a', corrupted: true });
    recorder.at(40, 'b', { type: 'drop', message: 2, from: 'a', why: 'partition' });
    recorder.at(41, 'b', { type: 'log', text: 'later' });
  });
  const { run, links } = model;
  const positions = (type: string): number[] =>
    Array.from({ length: run.count }, (_, position) => position).filter(
      position => run.type(position) === type,
    );

  it('makes an arrow of each delivery, and of what was lost or is under way', () => {
    expect(links.arrows.map(({ message, fate }) => `${message} ${fate}`)).toEqual([
      '0 delivered',
      '0 duplicate',
      '1 corrupted',
      '2 dropped',
      '3 pending',
    ]);
    for (const arrow of links.arrows)
      expect([arrow.fromLane, arrow.toLane, arrow.fromUs]).toEqual([0, 1, 10]);
  });

  it('knows what a program was handling, and the sending behind a delivery', () => {
    const [fact = -1] = positions('fact');
    const [delivery = -1] = positions('deliver');
    const [send = -1] = positions('send');
    const [timer = -1] = positions('timer');
    expect(links.causes[fact]).toBe(delivery);
    expect(links.causes[delivery]).toBe(send);
    expect(links.causes[send]).toBe(timer);
    expect(links.causes[positions('log')[0] ?? -1]).toBe(-1);
    expect(effectsOf(model, timer)).toEqual(positions('send'));
  });

  it('knows the fact that an invariant spoke up about, and the operation that waits for ever', () => {
    const broken = recorded(recorder => {
      recorder.at(5, 'a', { type: 'fact', fact: { type: 'write' } });
      recorder.at(5, '', { type: 'finding', rule: 'mutual-exclusion', message: 'Two hold it' });
    });
    expect(broken.links.causes[1]).toBe(0);
    const hanging = recorded(recorder => {
      recorder.at(1, 'client-0', { type: 'invoke', operation: 0, input: 'put' });
      recorder.at(2, 'client-0', { type: 'return', operation: 0, output: null });
      recorder.at(3, 'client-0', { type: 'invoke', operation: 1, input: 'take' });
      recorder.at(900, '', { type: 'phase', phase: 'end' });
      recorder.at(900, '', { type: 'finding', rule: 'liveness', message: 'It waits' });
    });
    expect(hanging.links.causes[4]).toBe(2);
  });
});

describe('busySpan', () => {
  const at = [0, 10, 20, 30, 900, 910];
  const run = { count: at.length, time: (event: number) => at[event] ?? 0, data: { endUs: 1000 } };

  it('has so many events before and after, and ends where a long silence begins', () => {
    expect(busySpan(run, 1, 120, 40)).toEqual([0, 30]);
    expect(busySpan(run, 2, 1, 40)).toEqual([10, 30]);
    expect(busySpan(run, 5, 120, 40)).toEqual([900, 910]);
    expect(busySpan({ ...run, data: { endUs: 1_000_000 } }, 5, 120, 0)).toEqual([0, 910]);
  });
});

describe('spansOf', () => {
  it('has lives, pauses, faults and calls from their beginning to their end, or to the end of the run', () => {
    const { spans } = recorded(recorder => {
      recorder.at(0, 'a', { type: 'start', incarnation: 1 });
      recorder.at(5, '', { type: 'fault-begin', fault: 0, kind: 'clog', nodes: ['a'] });
      recorder.at(6, '', { type: 'fault-begin', fault: 1, kind: 'partition', nodes: [] });
      recorder.at(10, 'a', { type: 'pause' });
      recorder.at(20, 'a', { type: 'crash' });
      recorder.at(30, 'a', { type: 'start', incarnation: 2 });
      recorder.at(40, '', { type: 'fault-end', fault: 0 });
      recorder.at(50, 'c', { type: 'invoke', operation: 0, input: 'w' });
      recorder.at(60, 'c', { type: 'open', operation: 0, why: 'deadline' });
      recorder.at(61, 'c', { type: 'invoke', operation: 1, input: 'r' });
      recorder.at(62, 'c', { type: 'open', operation: 1, why: 'not applied: BUSY' });
      recorder.at(70, 'c', { type: 'invoke', operation: 2, input: 'r' });
    });
    expect(spans.lives.map(({ fromUs, toUs, incarnation }) => [fromUs, toUs, incarnation])).toEqual([
      [0, 20, 1],
      [30, 1000, 2],
    ]);
    expect(spans.pauses.map(({ fromUs, toUs }) => [fromUs, toUs])).toEqual([[10, 20]]);
    expect(
      spans.faults.map(({ kind, fromUs, toUs, lanes, row }) => [kind, fromUs, toUs, lanes, row]),
    ).toEqual([
      ['clog', 5, 40, [0], 0],
      ['partition', 6, 1000, [0, 1], 1],
    ]);
    expect(spans.calls.map(({ operation, open, refused, toUs }) => [operation, open, refused, toUs])).toEqual(
      [
        [0, true, false, 60],
        [1, false, true, 62],
        [2, true, false, 1000],
      ],
    );
  });
});

describe('layOut', () => {
  const models = [modelOf(madeRun()), modelOf(madeRun({ ok: true, nodes: 3 }))];

  it('stacks lanes without overlap, and calls within their lanes', () => {
    const { lanes, height } = layOut(models, new Set());
    expect(lanes).toHaveLength(5 + 3 + 3 + 3);
    let bottom = 0;
    for (const box of lanes) {
      expect(box.top).toBeGreaterThanOrEqual(bottom);
      bottom = box.top + box.height;
      expect(box.base).toBeLessThan(bottom);
      for (const call of models[box.run]?.spans.calls ?? []) {
        if (call.lane === box.lane) expect(callTop(box, call.row) + 20).toBeLessThan(box.base);
      }
    }
    expect(height).toBeGreaterThanOrEqual(bottom);
  });

  it('gives calls and faults that overlap rows of their own', () => {
    let overlaps = 0;
    for (const { spans } of models) {
      const calls = spans.calls.map(call => ({ ...call, of: call.lane }));
      const faults = spans.faults.map(fault => ({ ...fault, of: -1 }));
      for (const items of [calls, faults]) {
        for (const [place, one] of items.entries()) {
          for (const other of items.slice(place + 1)) {
            if (other.of !== one.of || other.fromUs >= one.toUs) continue;
            overlaps++;
            expect(other.row).not.toBe(one.row);
          }
        }
      }
    }
    expect(overlaps).toBeGreaterThan(5);
  });

  it('leaves out what is hidden', () => {
    expect(layOut(models, new Set(['n1', 'client-0'])).lanes.map(({ name }) => name)).not.toContain('n1');
  });
});

describe('View', () => {
  it('stays within the run however it is moved, and keeps the time under the pointer', () => {
    const moves = fc.array(
      fc.tuple(fc.double({ min: 0.01, max: 100, noNaN: true }), fc.double({ min: -2, max: 2, noNaN: true })),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e10 }), moves, (endUs, steps) => {
        const view = new View(endUs);
        view.width = 800;
        for (const [factor, share] of steps) {
          view.zoom(factor, view.time(400));
          view.pan(view.spanUs * share);
          expect(view.spanUs).toBeGreaterThan(0);
          expect(view.fromUs).toBeGreaterThanOrEqual(-0.02 * endUs - 20);
          expect(view.toUs).toBeLessThanOrEqual(1.02 * endUs + 20);
          expect(view.x(view.time(123))).toBeCloseTo(123, 3);
        }
      }),
    );
    const view = new View(1e6);
    view.width = 800;
    const at = view.time(200);
    view.zoom(0.5, at);
    expect(view.x(at)).toBeCloseTo(200, 6);
  });
});

describe('ticks', () => {
  it('are round, in order, no more than asked for, and each says something else', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1e9, noNaN: true }),
        fc.double({ min: 20, max: 1e9, noNaN: true }),
        (from, span) => {
          const found = ticks(from, from + span, 8);
          expect(found.length).toBeLessThanOrEqual(9);
          expect(new Set(found.map(({ text }) => text)).size).toBe(found.length);
        },
      ),
    );
    expect([1, 3, 5, 11, 2000].map(roundStep)).toEqual([1, 5, 5, 20, 2000]);
  });
});

describe('Filter', () => {
  it('hides kinds and lanes, and finds all words of a search in any order', () => {
    const { run } = modelOf(madeRun());
    const filter = new Filter();
    const count = (): number => filter.shown(run).reduce((sum, shown) => sum + shown, 0);
    expect(count()).toBe(run.count);
    filter.hiddenGroups.add('timers');
    filter.hiddenLanes.add('n2');
    const left = [...filter.shown(run)].flatMap((shown, position) => (shown === 1 ? [position] : []));
    expect(left.length).toBeGreaterThan(0);
    for (const position of left) {
      expect(run.type(position)).not.toBe('timer');
      expect(run.node(position)).not.toBe('n2');
    }
    filter.query = 'TERM n1 send';
    const found = [...filter.shown(run)].flatMap((shown, position) =>
      shown === 1 ? [run.text(position)] : [],
    );
    expect(found.length).toBeGreaterThan(0);
    for (const text of found) expect(text).toMatch(/^sends .* term/);
  });
});

describe('addresses', () => {
  it('name an event and a span, and ignore what is not there', () => {
    const models = [modelOf(madeRun({ events: 50 }))];
    const view = new View(1e6);
    view.show(1000, 2000);
    const address = writeAddress(view, models, { run: 0, event: 12 });
    expect(address).toBe('#event=12&from=1000&to=2000');
    expect(readAddress(address, models)).toEqual({ target: { run: 0, event: 12 }, span: [1000, 2000] });
    for (const bad of [
      '',
      '#',
      '#event=x',
      '#event=-1',
      '#event=1e9',
      '#event=1.5',
      '#event=3&run=2',
      '#from=2&to=1',
    ]) {
      expect(readAddress(bad, models)).toEqual({});
    }
  });
});

describe('terse', () => {
  it('leaves values alone', () => {
    expect(terse('{ op: "write", key: "a b", value: 34 }')).toBe('write a b 34');
    expect(terse('elected { term: 3 }')).toBe('elected 3');
    expect(terse('"ok"')).toBe('ok');
    expect(terse('[1, 2]')).toBe('[1 2]');
  });
});
