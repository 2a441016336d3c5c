import { packNames } from './name-ranges.ts';
import { messageOf, ruleOf, type SeedOutcome } from './seed-outcome.ts';
import type { Shrunk } from './shrink.ts';

export interface FailureText {
  /** The scenario, as the command line takes it. */
  readonly id: string;
  readonly outcome: SeedOutcome;
  readonly shrunk?: Shrunk;
  readonly replay: string;
  /** What else the command needs, such as the folder of the scenarios. */
  readonly replayOptions?: string;
}

/** So many labels of what is left are named. */
const leftMax = 12;

const whatHappened = {
  violation: 'broke',
  error: 'failed with',
  died: 'took its process down',
  hung: 'did not end',
} as const;

/** A failure in plain words, and the line that replays it. */
export function describeFailure({ id, outcome, shrunk, replay, replayOptions = '' }: FailureText): string {
  const { seed, verdict, finding } = outcome;
  const how = verdict === 'ok' ? 'was fine' : whatHappened[verdict];
  const shown = shrunk?.outcome ?? outcome;
  const rule = ruleOf(outcome);
  const lines = [
    `Seed ${seed} of ${id} ${how}${rule === verdict ? '' : ` ${rule}`}`,
    ...indent(messageOf(shown)),
  ];
  if (finding !== undefined) {
    const atMs = Math.min(shown.finding?.atMs ?? shown.simulatedMs, shown.simulatedMs);
    lines.push(`  after ${seconds(atMs)} s of simulated time and ${counted(shown.events, 'event')}`);
  }
  if (verdict === 'error') lines.push(...stackOf(outcome));
  if (shrunk !== undefined) lines.push(...describeShrunk(shrunk, seed));
  if (verdict !== 'died' && verdict !== 'hung') {
    lines.push('  replay it with:', `pnpm sim --replay ${replay}${replayOptions}`);
  } else {
    lines.push('  run it again with:', `pnpm sim ${id} --seeds ${seed}${replayOptions}`);
  }
  return `${lines.join('\n')}\n`;
}

function describeShrunk(shrunk: Shrunk, seed: number): string[] {
  const { outcome, options, eventsBefore, removableBefore, runs, isComplete } = shrunk;
  const left = outcome.removable ?? [];
  const share = eventsBefore === 0 ? 100 : (100 * outcome.events) / eventsBefore;
  const { safetyMs } = options;
  // A phase that would have gone on after the finding says nothing about it.
  const isShort = safetyMs !== undefined && safetyMs < (outcome.finding?.atMs ?? Number.POSITIVE_INFINITY);
  const short = isShort ? `, with ${seconds(safetyMs)} s of faults` : '';
  const soonerMs = options.earlierMs ?? 0;
  const begins = isShort ? ' that begin' : ', with faults that begin';
  const sooner = soonerMs === 0 ? '' : `${begins} ${seconds(soonerMs)} s sooner`;
  const more = isComplete ? '' : '; there may be less: runs or time were used up';
  const where = options.seed === seed ? '' : `, in seed ${options.seed}, which fails in the same way sooner`;
  const all = `${count(removableBefore)} faults, draws and operations`;
  const isSmaller = outcome.events < eventsBefore || left.length < removableBefore;
  const size =
    outcome.events === eventsBefore
      ? `all of the ${counted(eventsBefore, 'event')}`
      : `${count(outcome.events)} of ${counted(eventsBefore, 'event')} (${share.toFixed(1)} %)`;
  const lines = [
    `  ${isSmaller ? 'made smaller' : 'nothing smaller was found'} in ${counted(runs, 'run')}: ${size}${short}${sooner}${where}${more}`,
    left.length === 0 ? `  it takes none of the ${all}` : `  what it takes: ${count(left.length)} of ${all}`,
  ];
  const packed = Object.entries(packNames(left));
  for (const [label, ranges] of packed.slice(0, leftMax)) lines.push(`    ${label}: ${shorten(ranges)}`);
  if (packed.length > leftMax) lines.push(`    and ${counted(packed.length - leftMax, 'more kind')}`);
  return lines;
}

function stackOf({ error }: SeedOutcome): string[] {
  const frames = error?.stack?.split('\n').filter(line => /^ +at /.test(line)) ?? [];
  return frames.filter(line => !line.includes('node:internal/')).slice(0, 8);
}

function indent(text: string): string[] {
  return text.split('\n').map(line => `  ${line}`);
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** `1,234,567`, the same in every locale. */
export function count(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** `1 seed`, `2 seeds`. */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

export function seconds(ms: number): string {
  return String(Number((ms / 1000).toFixed(3)));
}
