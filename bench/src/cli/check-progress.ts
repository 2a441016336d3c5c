import type { ProgressStream } from './progress.ts';
import { progressBar } from './progress-bar.ts';

/** In a pipe, a line whenever so large a share of the pairs was taken since the last one. */
const plainStep = 0.1;

/**
 * Says how far a check is: one line that redraws itself on a terminal, a plain line now and then in a pipe.
 *
 * How many pairs there will be is not known before they are taken, so the end may move away.
 */
export class CheckProgress {
  readonly #stream: ProgressStream;
  readonly #nowMs: () => number;
  /** When the first pair had been taken. */
  #startMs: number | undefined;
  /** Pairs that the last line has told of. */
  #said = 0;

  constructor(stream: ProgressStream, nowMs: () => number) {
    this.#stream = stream;
    this.#nowMs = nowMs;
  }

  /** Something other than measuring begins. */
  step(what: string): void {
    this.#stream.write(this.#isTerminal ? `\r\u001b[K${what}` : `${what}\n`);
  }

  /** A pair is taken: so many so far, of so many if nothing moves that has not moved yet. */
  pair(label: string, taken: number, expected: number): void {
    this.#startMs ??= this.#nowMs();
    if (this.#isTerminal) {
      const text = ` ${progressBar(taken / expected)} ${taken}/${expected} pairs${this.#left(taken, expected)} ${label}`;
      this.#stream.write(`\r\u001b[K${text.slice(0, (this.#stream.columns ?? 80) - 1)}`);
    } else if (taken - this.#said >= expected * plainStep || taken === expected) {
      this.#said = taken;
      this.#stream.write(`${taken}/${expected} pairs\n`);
    }
  }

  /** Clears the line. */
  end(): void {
    if (this.#isTerminal) this.#stream.write('\r\u001b[K');
  }

  get #isTerminal(): boolean {
    return this.#stream.isTTY === true;
  }

  #left(taken: number, expected: number): string {
    if (taken < 10 || this.#startMs === undefined) return '';
    const msPerPair = (this.#nowMs() - this.#startMs) / (taken - 1);
    return ` ${Math.ceil((msPerPair * (expected - taken)) / 1000)} s left`;
  }
}
