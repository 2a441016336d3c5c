import type { CheckReport } from '../../check/check-report.ts';
import { type HistoryRun, type HistorySubject, historyRunOf } from '../../check/history-run.ts';
import { formatChange, formatCommit, formatMetricValue } from '../../check/report/figures.ts';
import { amountScale } from '../scale.ts';
import { armMark } from './arm-mark.ts';
import { changeScale, gapIn, tickText } from './change-scale.ts';
import { figure, legendKey, plotBox } from './figure.ts';
import { fluidAt, fluidDrawing, fluidLine, fluidText } from './fluid.ts';
import { verdictMark } from './verdict-mark.ts';

/** Older runs are in the file, and not in the plot. */
const runsMax = 60;

/** Pixels. */
const changesHeight = 110;

/** A run in which a subject was compared. */
export interface PastRun {
  readonly run: HistoryRun;
  readonly subject: HistorySubject;
}

/**
 * The runs that a report can be seen beside, oldest first, with its own at the end: those with the same profile on the same
 * processor. Nothing else is comparable, and for a verdict not even these are.
 */
export function comparableRuns(runs: readonly HistoryRun[], report: CheckReport): HistoryRun[] {
  const own = historyRunOf(report);
  const past = runs.filter(
    run =>
      run.profile === own.profile &&
      run.cpu === own.cpu &&
      run.cores === own.cores &&
      Date.parse(run.startedAt) < Date.parse(own.startedAt),
  );
  return [...past, own].slice(-runsMax);
}

export function pastRuns(runs: readonly HistoryRun[], name: string): PastRun[] {
  return runs.flatMap(run => {
    const subject = run.subjects.find(candidate => candidate.name === name);
    return subject === undefined ? [] : [{ run, subject }];
  });
}

/** The time of a subject from run to run, and the change that each run found. Nothing where there is only one run. */
export function renderHistory(runs: readonly PastRun[], minEffect: number): string {
  if (runs.length < 2) return '';
  const caption = `History: ${runs.length} runs on this processor, the last is this one`;
  return figure(caption, plotBox(2, values(runs), changes(runs, minEffect)), [
    legendKey(armMark('head'), 'head'),
    legendKey(armMark('base'), 'base, measured in the same run'),
  ]);
}

function placeOf(index: number, runs: readonly PastRun[]): number {
  return ((index + 0.5) / runs.length) * 100;
}

function aboutOf({ run, subject }: PastRun): string {
  const { unit, base, head, change, verdict } = subject;
  const dirty = run.head.dirty === true ? ' with changes' : '';
  return [
    `${formatCommit(run.head.commit)}${dirty} against ${formatCommit(run.base.commit)}`,
    `${run.startedAt.slice(0, 16).replace('T', ' ')}, Node ${run.node}`,
    `${formatMetricValue(base, unit)} → ${formatMetricValue(head, unit)}`,
    `${formatChange(change.hl)} [${formatChange(change.lo)}, ${formatChange(change.hi)}], ${verdict}`,
  ].join('\n');
}

/** From nothing up, so that what looks like a leap is one. */
function values(runs: readonly PastRun[]): string {
  const unit = (runs[0] as PastRun).subject.unit;
  const scale = amountScale(
    [0, ...runs.flatMap(({ subject }) => [subject.base, subject.head])].map(value => value * 1.08),
    100,
    0,
  );
  const heads = runs.map(({ subject }) => formatMetricValue(subject.head, unit));
  return fluidDrawing(
    `Head from run to run: ${heads.join(', ')}`,
    '120px',
    ...scale.ticks.flatMap(tick => [
      fluidLine(0, scale.place(tick), 100, scale.place(tick), 'grid'),
      fluidText(0, scale.place(tick), tick === 0 ? '0' : formatMetricValue(tick, unit), {
        class: 'tick',
        dx: -8,
        dy: 4,
        'text-anchor': 'end',
      }),
    ]),
    ...runs.slice(1).map(({ subject }, index) => {
      const last = (runs[index] as PastRun).subject;
      return fluidLine(
        placeOf(index, runs),
        scale.place(last.head),
        placeOf(index + 1, runs),
        scale.place(subject.head),
        'path a-head',
      );
    }),
    ...runs.flatMap((past, index) =>
      (['base', 'head'] as const).map(arm =>
        fluidAt(placeOf(index, runs), scale.place(past.subject[arm]), aboutOf(past), armMark(arm)),
      ),
    ),
  );
}

function changes(runs: readonly PastRun[], minEffect: number): string {
  const scale = changeScale(
    runs.flatMap(({ subject: { change } }) => [change.lo, change.hi]),
    minEffect,
    gapIn(changesHeight),
  );
  const y = (share: number): number => 100 - scale.place(share);
  const last = runs.length - 1;
  const labelled = [...new Set([0, Math.round(last / 2), last])];
  return fluidDrawing(
    `Changes from run to run: ${runs.map(({ subject }) => formatChange(subject.change.hl)).join(', ')}`,
    `${changesHeight}px`,
    ...scale.ticks.flatMap(tick => [
      fluidLine(0, y(tick), 100, y(tick), tick === 0 ? 'zero' : 'grid'),
      fluidText(0, y(tick), tickText(tick), { class: 'tick', dx: -8, dy: 4, 'text-anchor': 'end' }),
    ]),
    ...runs.flatMap((past, index) => {
      const { change, verdict } = past.subject;
      const x = placeOf(index, runs);
      return [
        fluidLine(x, y(change.lo), x, y(change.hi), `range f-${verdict}`),
        fluidAt(x, y(change.hl), aboutOf(past), verdictMark(verdict)),
      ];
    }),
    ...labelled.flatMap(index => {
      const { run } = runs[index] as PastRun;
      const anchor = index === 0 ? 'start' : index === last ? 'end' : 'middle';
      const attributes = { class: anchor === 'middle' ? 'tick minor' : 'tick', 'text-anchor': anchor };
      const x = index === 0 ? 0 : index === last ? 100 : placeOf(index, runs);
      return [
        fluidText(x, 100, formatCommit(run.head.commit), { ...attributes, dy: 16 }),
        fluidText(x, 100, run.startedAt.slice(0, 10), { ...attributes, dy: 29 }),
      ];
    }),
  );
}
