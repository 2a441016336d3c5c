/** Closer than this nothing can be told apart: time is in whole microseconds. */
const SPAN_MIN_US = 20;

/** The part of the run that is shown: a time for each place across the drawing. */
export class View {
  fromUs = 0;
  toUs: number;
  readonly endUs: number;
  /** Pixels between the edges of the drawing. */
  left = 0;
  width = 1;

  constructor(endUs: number) {
    this.endUs = endUs;
    this.toUs = endUs;
  }

  get spanUs(): number {
    return this.toUs - this.fromUs;
  }

  x(atUs: number): number {
    return this.left + ((atUs - this.fromUs) / this.spanUs) * this.width;
  }

  time(x: number): number {
    return this.fromUs + ((x - this.left) / this.width) * this.spanUs;
  }

  /** Shows a span, kept within the run with a little room on both sides. */
  show(fromUs: number, toUs: number): void {
    const room = this.endUs * 0.01;
    const span = Math.min(Math.max(toUs - fromUs, SPAN_MIN_US), this.endUs + 2 * room);
    const from = Math.min(Math.max((fromUs + toUs - span) / 2, -room), this.endUs + room - span);
    this.fromUs = from;
    this.toUs = from + span;
  }

  fit(): void {
    this.show(-this.endUs, 2 * this.endUs);
  }

  pan(byUs: number): void {
    this.show(this.fromUs + byUs, this.toUs + byUs);
  }

  /** Makes the span `factor` times as long; what is at `aroundUs` stays where it is, as far as the ends allow. */
  zoom(factor: number, aroundUs: number): void {
    const span = Math.max(this.spanUs * factor, SPAN_MIN_US);
    const from = aroundUs - ((aroundUs - this.fromUs) / this.spanUs) * span;
    this.show(from, from + span);
  }

  /** Moves so far that `atUs` is comfortably in view. */
  reveal(atUs: number): void {
    const edge = this.spanUs * 0.08;
    if (atUs < this.fromUs + edge || atUs > this.toUs - edge) this.pan(atUs - this.fromUs - this.spanUs / 2);
  }
}
