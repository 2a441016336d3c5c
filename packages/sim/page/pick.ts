import { type ArrowPlace, arrowPlace, arrowsInView, boxesOf } from './draw-arrows.ts';
import { callPlace } from './draw-calls.ts';
import { callRowHeight, callTop, faultRowHeight, faultTop } from './lane-layout.ts';
import type { Scene, Target } from './scene.ts';

const REACH_PX = 9;

/** What is drawn at a place: an operation, a fault, the nearest event of the lane, or a message. */
export function pick(scene: Scene, x: number, y: number): Target | undefined {
  if (x < scene.view.left) return undefined;
  for (const index of scene.models.keys()) {
    const event =
      pickSpan(scene, index, x, y) ?? pickMark(scene, index, x, y) ?? pickArrow(scene, index, x, y);
    if (event !== undefined) return { run: index, event };
  }
  return undefined;
}

function pickSpan(scene: Scene, index: number, x: number, y: number): number | undefined {
  const model = scene.models[index];
  const box = scene.layout.runs[index];
  if (model === undefined || box === undefined) return undefined;
  const boxes = boxesOf(scene, index);
  for (const call of model.spans.calls) {
    const lane = boxes.get(call.lane);
    if (lane === undefined || model.shown[call.event] !== 1) continue;
    const { left, right } = callPlace(scene, call);
    const top = callTop(lane, call.row);
    if (x >= left - 1 && x <= right + 1 && y >= top && y < top + callRowHeight - 4) return call.event;
  }
  for (const fault of model.spans.faults) {
    const top = faultTop(box, fault.row);
    const [left, right] = [scene.view.x(fault.fromUs), scene.view.x(fault.toUs)];
    if (x >= left - 2 && x <= right + 2 && y >= top && y < top + faultRowHeight) return fault.event;
  }
  return undefined;
}

function pickMark(scene: Scene, index: number, x: number, y: number): number | undefined {
  const model = scene.models[index];
  if (model === undefined) return undefined;
  const { run, shown } = model;
  const last = run.firstAt(scene.view.time(x + REACH_PX));
  let [best, nearest] = [-1, REACH_PX * 1.5];
  const boxes = boxesOf(scene, index);
  for (let event = run.firstAt(scene.view.time(x - REACH_PX)); event < last; event++) {
    const box = boxes.get(run.lane(event));
    if (box === undefined || shown[event] !== 1) continue;
    const above = ['fact', 'probe', 'log'].includes(run.type(event));
    const distance = Math.hypot(scene.view.x(run.time(event)) - x, (box.base - (above ? 9 : 0) - y) * 0.8);
    if (distance < nearest) [best, nearest] = [event, distance];
  }
  return best < 0 ? undefined : best;
}

function pickArrow(scene: Scene, index: number, x: number, y: number): number | undefined {
  const visible = arrowsInView(scene, index);
  if (typeof visible === 'number') return undefined;
  const boxes = boxesOf(scene, index);
  let [best, nearest] = [-1, 6];
  for (const arrow of visible) {
    const place = arrowPlace(scene, arrow, boxes);
    const distance = place === undefined ? nearest : distanceTo(place, x, y);
    if (distance < nearest) [best, nearest] = [arrow.end < 0 ? arrow.send : arrow.end, distance];
  }
  return best < 0 ? undefined : best;
}

function distanceTo({ fromX, fromY, toX, toY }: ArrowPlace, x: number, y: number): number {
  const [dx, dy] = [toX - fromX, toY - fromY];
  const along = ((x - fromX) * dx + (y - fromY) * dy) / (dx * dx + dy * dy || 1);
  const share = Math.min(Math.max(along, 0), 1);
  return Math.hypot(fromX + share * dx - x, fromY + share * dy - y);
}
