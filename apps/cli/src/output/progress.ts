import type { Writable } from 'node:stream';
import type { Clock } from '@quorate/core';
import { count, percent } from './figures.ts';
import type { Screen } from './paint.ts';

const redrawMs = 100;
const clearLine = '\r\u001b[K';

/** One line on stderr that says how far the reading is; on a terminal only, and gone when it is disposed. */
export class Progress implements Disposable {
  readonly #stream: Writable & Screen;
  readonly #clock: Clock;
  readonly #totalBytes: number | undefined;
  readonly #startMs: number;
  #drawnMs: number;
  #drawn = false;

  /** @param totalBytes Of the file that is read, where that is known */
  constructor(stream: Writable & Screen, clock: Clock, totalBytes: number | undefined) {
    this.#stream = stream;
    this.#clock = clock;
    this.#totalBytes = totalBytes;
    this.#startMs = clock.monotonicMs();
    this.#drawnMs = this.#startMs;
  }

  update(bytes: number, keys: number): void {
    if (this.#stream.isTTY !== true) return;
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#drawnMs < redrawMs) return;
    this.#drawnMs = nowMs;
    this.#drawn = true;
    const perSecond = (1000 * keys) / (nowMs - this.#startMs);
    const total = this.#totalBytes ?? 0;
    const part = total > 0 ? `${percent(Math.min(1, bytes / total))}, ` : '';
    this.#stream.write(`${clearLine}${part}${count(keys)} keys, ${count(perSecond)} per second`);
  }

  [Symbol.dispose](): void {
    if (this.#drawn) this.#stream.write(clearLine);
    this.#drawn = false;
  }
}
