import { arrowPlace, boxesOf, drawArrow } from './draw-arrows.ts';
import type { RunModel } from './run-model.ts';
import { boldFont, type Scene, type Target } from './scene.ts';

/** So far the history of an event is marked. */
const CAUSES_MAX = 24;

/** A red line where the run went wrong, and a violet one where it parts from the other run. */
export function drawFinding(
  context: CanvasRenderingContext2D,
  scene: Scene,
  index: number,
  { run }: RunModel,
): void {
  const { palette, divergence } = scene;
  if (run.data.finding !== undefined) flag(context, scene, index, run.data.finding, palette.missed, '!');
  if (divergence !== undefined) {
    flag(context, scene, index, Math.min(divergence, run.count - 1), palette.c4, '≠');
  }
}

function flag(
  context: CanvasRenderingContext2D,
  { models, layout, view, palette }: Scene,
  index: number,
  event: number,
  colour: string,
  sign: string,
): void {
  const [run, box] = [models[index]?.run, layout.runs[index]];
  if (run === undefined || box === undefined || run.count === 0) return;
  const x = view.x(run.time(event));
  if (x < view.left - 10 || x > view.left + view.width + 10) return;
  const lane = layout.lanes.find(other => other.run === index && other.lane === run.lane(event));
  context.fillStyle = colour;
  context.fillRect(x - 1, box.top, 2, box.bottom - box.top);
  const y = lane?.base ?? box.bottom - 10;
  context.beginPath();
  context.arc(x, y, 8, 0, 2 * Math.PI);
  context.fill();
  context.fillStyle = palette.card;
  context.font = boldFont;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillText(sign, x, y + 0.5);
}

/** Rings what is selected and what the pointer is on, and marks the messages that led there. */
export function drawSelection(context: CanvasRenderingContext2D, scene: Scene): void {
  const { hovered, selected, palette } = scene;
  if (hovered !== undefined) ring(context, scene, hovered, palette.muted);
  if (selected === undefined) return;
  drawHistory(context, scene, selected);
  ring(context, scene, selected, palette.ink);
}

function ring(
  context: CanvasRenderingContext2D,
  scene: Scene,
  { run: index, event }: Target,
  colour: string,
): void {
  const run = scene.models[index]?.run;
  const box = scene.layout.runs[index];
  if (run === undefined || box === undefined) return;
  const x = scene.view.x(run.time(event));
  const lane = boxesOf(scene, index).get(run.lane(event));
  context.strokeStyle = colour;
  context.lineWidth = 1;
  context.globalAlpha = 0.5;
  context.strokeRect(x, box.top, 0, box.bottom - box.top);
  context.globalAlpha = 1;
  if (lane === undefined) return;
  context.lineWidth = 2;
  context.beginPath();
  context.arc(x, lane.base, 8, 0, 2 * Math.PI);
  context.stroke();
}

/** The chain of causes, back through messages, and what the event itself sent. */
function drawHistory(context: CanvasRenderingContext2D, scene: Scene, { run: index, event }: Target): void {
  const model = scene.models[index];
  if (model === undefined) return;
  const chain = new Set([event]);
  let cause = model.links.causes[event] ?? -1;
  while (cause >= 0 && chain.size < CAUSES_MAX) {
    chain.add(cause);
    cause = model.links.causes[cause] ?? -1;
  }
  const boxes = boxesOf(scene, index);
  for (const arrow of model.links.arrows) {
    if (arrow.end < 0 ? arrow.send !== event : !chain.has(arrow.end) && arrow.send !== event) continue;
    const place = arrowPlace(scene, arrow, boxes);
    if (place !== undefined) drawArrow(context, arrow, place, scene.palette, 2.6, true);
  }
}
