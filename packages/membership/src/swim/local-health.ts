/**
 * How well this member itself is doing: 0 is well, and each step makes it wait longer before it doubts others.
 *
 * A member that is starved of processor time hears answers late and takes that for others' silence. Lifeguard (Dadgar,
 * Phillips and Currey 2018, §IV.A, "Local Health Aware Probe") has it count what speaks against itself, and multiplies the
 * interval and the timeout of its probes by that count plus one.
 */
export class LocalHealth {
  readonly #max: number;
  #score = 0;

  /** @param max where counting ends; 0 switches it off */
  constructor(max: number) {
    this.#max = max;
  }

  /** From 0, well, to its maximum. */
  get score(): number {
    return this.#score;
  }

  /** By what intervals and timeouts of probes are multiplied. */
  get multiplier(): number {
    return this.#score + 1;
  }

  /** Something speaks against this member (positive), or for it (negative). */
  add(delta: number): void {
    this.#score = Math.max(0, Math.min(this.#max, this.#score + delta));
  }
}
