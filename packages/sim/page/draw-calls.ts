import { boxesOf } from './draw-arrows.ts';
import { callRowHeight, callTop } from './lane-layout.ts';
import { fitted, type Scene, smallFont, terse } from './scene.ts';
import type { Call } from './spans.ts';

/** An open call is at least so long, to fade out over. */
const FADE_PX = 60;
/** Narrower bars have neither corners nor words. */
const NARROW_PX = 5;
/** More points than this in view are not told apart, and not drawn. */
const POINTS_MAX = 1000;

/** Bars from invocation to return, with what was asked and answered; open ones fade out. */
export function drawCalls(context: CanvasRenderingContext2D, scene: Scene, index: number): void {
  const { view } = scene;
  const boxes = boxesOf(scene, index);
  context.font = smallFont;
  context.textBaseline = 'middle';
  context.textAlign = 'left';
  for (const call of scene.models[index]?.spans.calls ?? []) {
    const box = boxes.get(call.lane);
    if (box === undefined || scene.models[index]?.shown[call.event] !== 1) continue;
    const place = callPlace(scene, call);
    if (place.right < view.left || place.left > view.left + view.width) continue;
    drawCall(context, scene, call, { ...place, top: callTop(box, call.row) });
  }
}

/** Where a call's bar lies across. */
export function callPlace({ view }: Scene, call: Call): { left: number; right: number } {
  const left = view.x(call.fromUs);
  return { left, right: Math.max(view.x(call.toUs), left + (call.open ? FADE_PX : 2)) };
}

interface Bar {
  readonly left: number;
  readonly right: number;
  readonly top: number;
}

function drawCall(context: CanvasRenderingContext2D, { view, palette }: Scene, call: Call, bar: Bar): void {
  const { top } = bar;
  const left = Math.max(bar.left, view.left - 6);
  const right = Math.min(bar.right, view.left + view.width + 6);
  const height = callRowHeight - 5;
  const colour = call.misfit ? palette.missed : call.refused ? palette.strong : palette.c2;
  const soft = call.misfit ? palette['missed-soft'] : call.refused ? palette.page : palette['c2-soft'];
  if (right - left < NARROW_PX) {
    context.fillStyle = colour;
    context.fillRect(left, top, right - left, height);
    return;
  }
  if (call.open) {
    const fade = context.createLinearGradient(bar.left, 0, bar.right, 0);
    fade.addColorStop(0, soft);
    fade.addColorStop(1, `${soft}00`);
    context.fillStyle = fade;
    context.fillRect(left, top, right - left, height);
    const edge = context.createLinearGradient(bar.left, 0, bar.right, 0);
    edge.addColorStop(0, colour);
    edge.addColorStop(1, `${colour}00`);
    context.fillStyle = edge;
    context.fillRect(left, top, right - left, 1);
    context.fillRect(left, top + height - 1, right - left, 1);
    context.fillStyle = colour;
    context.fillRect(bar.left, top, 1.5, height);
  } else {
    context.fillStyle = soft;
    context.strokeStyle = colour;
    context.lineWidth = call.misfit ? 2 : 1;
    context.beginPath();
    context.roundRect(left + 0.5, top + 0.5, Math.max(right - left - 1, 1), height - 1, 4);
    context.fill();
    context.stroke();
  }
  context.fillStyle = palette.ink;
  const text = `${terse(call.input)} → ${call.open ? '?' : terse(call.outcome)}`;
  context.fillText(
    fitted(context, text, right - left - 12),
    Math.max(left, view.left) + 6,
    top + height / 2 + 0.5,
  );
}

/** Where operations took effect, and the order of that, as a line from one to the next of a partition. */
export function drawPoints(context: CanvasRenderingContext2D, scene: Scene, index: number): void {
  const { view, models } = scene;
  const model = models[index];
  if (model === undefined || model.run.data.points.length === 0) return;
  const boxes = boxesOf(scene, index);
  const calls = new Map(model.spans.calls.map(call => [call.operation, call]));
  for (const order of model.run.data.points) {
    const places: [number, number][] = [];
    for (const [operation, atUs] of order) {
      const call = calls.get(operation);
      const box = call === undefined ? undefined : boxes.get(call.lane);
      if (call !== undefined && box !== undefined) {
        places.push([view.x(atUs), callTop(box, call.row) + callRowHeight - 5]);
      }
    }
    drawOrder(context, scene, places);
  }
}

function drawOrder(
  context: CanvasRenderingContext2D,
  { view, palette }: Scene,
  places: readonly (readonly [x: number, y: number])[],
): void {
  const inView = ([x]: readonly [number, number]): boolean =>
    x > view.left - 6 && x < view.left + view.width + 6;
  const shown = places.filter(inView);
  if (shown.length === 0 || shown.length > POINTS_MAX) return;
  context.strokeStyle = palette.ink;
  context.globalAlpha = 0.45;
  context.lineWidth = 1;
  context.setLineDash([2, 3]);
  context.beginPath();
  const first = Math.max(places.findIndex(inView) - 1, 0);
  for (const [x, y] of places.slice(first, first + shown.length + 2)) context.lineTo(x, y);
  context.stroke();
  context.setLineDash([]);
  context.globalAlpha = 1;
  for (const [x, y] of shown) {
    context.beginPath();
    context.arc(x, y, 4, 0, 2 * Math.PI);
    context.fillStyle = palette.ink;
    context.strokeStyle = palette.card;
    context.lineWidth = 1.5;
    context.fill();
    context.stroke();
  }
}
