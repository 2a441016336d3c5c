import type { View } from './view.ts';

/** What a drawing does about pointers: it can be dragged, zoomed by wheel or two fingers, pointed at and clicked. */
export interface PointerTarget {
  readonly view: View;
  moved(): void;
  hover(x: number, y: number): void;
  leave(): void;
  click(x: number, y: number): void;
  scrollBy(pixels: number): void;
}

const CLICK_PX = 4;

/** Mouse, pen and fingers on the lanes. */
export function listenToPointers(canvas: HTMLCanvasElement, target: PointerTarget): void {
  const down = new Map<number, { x: number; y: number }>();
  let travelled = 0;
  canvas.addEventListener('pointerdown', event => {
    if (event.button !== 0) return;
    if (down.size === 0) travelled = 0;
    down.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener('pointermove', event => {
    const before = down.get(event.pointerId);
    if (before === undefined) {
      target.hover(event.offsetX, event.offsetY);
      return;
    }
    const now = { x: event.offsetX, y: event.offsetY };
    travelled += Math.abs(now.x - before.x) + Math.abs(now.y - before.y);
    if (travelled <= CLICK_PX && down.size === 1) return;
    const other = [...down].find(([id]) => id !== event.pointerId)?.[1];
    if (other === undefined) {
      target.view.pan(target.view.time(before.x) - target.view.time(now.x));
      if (event.pointerType === 'mouse') target.scrollBy(before.y - now.y);
    } else pinch(target.view, before.x, now.x, other.x);
    down.set(event.pointerId, now);
    target.moved();
  });
  const up = (event: PointerEvent): void => {
    const was = down.delete(event.pointerId);
    if (was && event.type === 'pointerup' && travelled <= CLICK_PX)
      target.click(event.offsetX, event.offsetY);
  };
  canvas.addEventListener('pointerup', up);
  canvas.addEventListener('pointercancel', up);
  canvas.addEventListener('pointerleave', () => target.leave());
  canvas.addEventListener('wheel', event => wheel(event, target), { passive: false });
}

/** The finger that rests keeps its time, and the one that moves takes its own along. */
function pinch(view: View, before: number, now: number, other: number): void {
  const [far, near] = [Math.abs(before - other), Math.abs(now - other)];
  if (far > 8 && near > 8) view.zoom(far / near, view.time(other));
}

/** Up and down zooms around the pointer, sideways and with Shift pans. */
function wheel(event: WheelEvent, target: PointerTarget): void {
  const { view } = target;
  event.preventDefault();
  const unit = event.deltaMode === 1 ? 16 : 1;
  const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : 0;
  if (event.shiftKey || sideways !== 0) {
    view.pan(((sideways || event.deltaY) * unit * view.spanUs) / view.width);
  } else {
    const strength = event.ctrlKey ? 0.01 : 0.002;
    view.zoom(Math.exp(Math.max(Math.min(event.deltaY * unit * strength, 1), -1)), view.time(event.offsetX));
  }
  target.moved();
}

/** The overview: a click or a drag moves the part that is in view. */
export function listenToOverview(canvas: HTMLCanvasElement, view: View, moved: () => void): void {
  const move = ({ offsetX }: PointerEvent): void => {
    const centre = (offsetX / canvas.clientWidth) * view.endUs;
    view.show(centre - view.spanUs / 2, centre + view.spanUs / 2);
    moved();
  };
  canvas.addEventListener('pointerdown', event => {
    canvas.setPointerCapture(event.pointerId);
    move(event);
  });
  canvas.addEventListener('pointermove', event => {
    if (event.buttons > 0) move(event);
  });
}
