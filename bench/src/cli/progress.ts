import type { ContestOutcome } from '../run/schedule.ts';
import { progressBar } from './progress-bar.ts';
import { formatParams } from '../report/format.ts';

/** The part of a stream that progress is written to. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/**
 * Says how far a run is: one line that redraws itself on a terminal, a plain line for each finished bench in a pipe.
 *
 * It is written between samples, never while one is being taken.
 */
export class Progress {
  readonly #stream: ProgressStream;
  readonly #total: number;
  readonly #nowMs: () => number;
  readonly #startMs: number;
  #done = 0;

  constructor(stream: ProgressStream, total: number, nowMs: () => number) {
    this.#stream = stream;
    this.#total = total;
    this.#nowMs = nowMs;
    this.#startMs = nowMs();
    this.#draw('');
  }

  /** A measured process has ended. */
  sample(label: string): void {
    this.#done += 1;
    this.#draw(label);
  }

  /** All rows of a bench are measured. */
  contest({ contest, rows }: ContestOutcome): void {
    if (this.#stream.isTTY === true) return;
    const failed = rows.filter(row => row.failure !== undefined).length;
    const name = `${contest.suite}/${contest.bench.name} ${formatParams(contest.params)}`.trimEnd();
    this.#stream.write(`${this.#done}/${this.#total} ${name}${failed === 0 ? '' : `, ${failed} failed`}\n`);
  }

  /** Clears the line. */
  end(): void {
    if (this.#stream.isTTY === true) this.#stream.write('\r\u001b[K');
  }

  #draw(label: string): void {
    if (this.#stream.isTTY !== true) return;
    const share = this.#total === 0 ? 1 : this.#done / this.#total;
    const text = ` ${progressBar(share)} ${this.#done}/${this.#total}${this.#remaining(share)} ${label}`;
    this.#stream.write(`\r\u001b[K${text.slice(0, (this.#stream.columns ?? 80) - 1)}`);
  }

  #remaining(share: number): string {
    if (this.#done < 3) return '';
    const elapsedMs = this.#nowMs() - this.#startMs;
    return ` ${Math.ceil((elapsedMs / share - elapsedMs) / 1000)} s left`;
  }
}
