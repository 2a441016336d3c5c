import { count } from '../runner/describe-failure.ts';
import { kindOf, ruleOf, type SeedOutcome } from '../runner/seed-outcome.ts';
import type { Totals } from '../runner/totals.ts';
import { progressBar } from './progress-bar.ts';

/** The part of a stream that progress is written to. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const redrawMs = 100;
/** In a pipe a line now and then is enough. */
const plainMs = 10_000;

export interface ProgressOptions {
  /** How many seeds there are. */
  readonly seeds: number;
  /** The time for them, where there is a limit. */
  readonly budgetMs?: number;
  readonly nowMs: () => number;
}

/** Says how far a campaign is: one line that redraws itself on a terminal; in a pipe a plain line now and then, and for failures. */
export class Progress {
  readonly #stream: ProgressStream;
  readonly #options: ProgressOptions;
  readonly #startMs: number;
  #drawnMs: number;
  #what = '';

  constructor(stream: ProgressStream, options: ProgressOptions) {
    this.#stream = stream;
    this.#options = options;
    this.#startMs = options.nowMs();
    this.#drawnMs = this.#startMs;
  }

  /** What goes on, where it is not the first thing. */
  step(what: string): void {
    this.#what = what;
    if (this.#stream.isTTY !== true && what !== '') this.#stream.write(`${what}\n`);
  }

  seed(outcome: SeedOutcome, totals: Totals): void {
    const rule = ruleOf(outcome);
    const isTerminal = this.#stream.isTTY === true;
    if (rule !== undefined && !isTerminal) this.#stream.write(`seed ${outcome.seed}: ${kindOf(outcome)}\n`);
    const nowMs = this.#options.nowMs();
    if (nowMs - this.#drawnMs < (isTerminal ? redrawMs : plainMs)) return;
    this.#drawnMs = nowMs;
    const text = this.#line(totals, nowMs - this.#startMs);
    if (isTerminal) this.#draw(` ${progressBar(this.#share(totals, nowMs))} ${text}`);
    else this.#stream.write(`${text}\n`);
  }

  /** A failure is being made smaller. */
  shrinking(runs: number, events: number, eventsBefore: number): void {
    const nowMs = this.#options.nowMs();
    if (this.#stream.isTTY !== true || nowMs - this.#drawnMs < redrawMs) return;
    this.#drawnMs = nowMs;
    this.#draw(` ${this.#what} ${count(events)} of ${count(eventsBefore)} events after ${count(runs)} runs`);
  }

  /** Clears the line. */
  end(): void {
    if (this.#stream.isTTY === true) this.#stream.write('\r\u001b[K');
  }

  #draw(text: string): void {
    this.#stream.write(`\r\u001b[K${text.slice(0, (this.#stream.columns ?? 80) - 1)}`);
  }

  #line(totals: Totals, elapsedMs: number): string {
    const { seeds, budgetMs } = this.#options;
    const of = budgetMs !== undefined && seeds > 1e9 ? '' : `/${count(seeds)}`;
    const what = this.#what === '' ? '' : `${this.#what}: `;
    // What counts most comes first: a narrow terminal cuts off the rest.
    return `${what}${count(totals.seeds)}${of} seeds, ${count(totals.failed)} failed, ${rates(totals, elapsedMs)}`;
  }

  #share({ seeds }: Totals, nowMs: number): number {
    const { budgetMs = Number.POSITIVE_INFINITY } = this.#options;
    return Math.max(seeds / this.#options.seeds, (nowMs - this.#startMs) / budgetMs);
  }
}

/** `120 seeds/s, 33.4 simulated hours (1.1/s)`. */
export function rates(
  { seeds, simulatedMs }: Pick<Totals, 'seeds' | 'simulatedMs'>,
  elapsedMs: number,
): string {
  const perSecond = (value: number): string => figure((1000 * value) / Math.max(1, elapsedMs));
  const hours = simulatedMs / 3_600_000;
  return `${perSecond(seeds)} seeds/s, ${figure(hours)} simulated hours (${perSecond(hours)}/s)`;
}

/** Three digits that count, or all before the point. */
export function figure(value: number): string {
  return value >= 100 ? count(value) : String(Number(value.toPrecision(2 + Number(value >= 1))));
}
