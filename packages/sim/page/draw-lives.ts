import type { LaneBox } from './lane-layout.ts';
import { type Scene, smallFont } from './scene.ts';

/** The line of each lane: solid while its program runs, dotted while it is paused, missing and hatched while it is down. */
export function drawLives(context: CanvasRenderingContext2D, scene: Scene, index: number): void {
  const model = scene.models[index];
  if (model === undefined) return;
  for (const box of scene.layout.lanes) {
    if (box.run !== index) continue;
    const lives = model.spans.lives.filter(({ lane }) => lane === box.lane);
    if (lives.length === 0) {
      line(context, scene, box, 0, model.run.data.endUs);
      continue;
    }
    let downFrom = 0;
    for (const life of lives) {
      if (life.fromUs > downFrom) hatch(context, scene, box, downFrom, life.fromUs);
      line(context, scene, box, life.fromUs, life.toUs);
      downFrom = life.toUs;
    }
    if (downFrom < model.run.data.endUs) hatch(context, scene, box, downFrom, model.run.data.endUs);
    for (const pause of model.spans.pauses) {
      if (pause.lane === box.lane) pauseBar(context, scene, box, pause.fromUs, pause.toUs);
    }
  }
}

function line(
  context: CanvasRenderingContext2D,
  { view, palette }: Scene,
  box: LaneBox,
  fromUs: number,
  toUs: number,
): void {
  const span = visibleSpan(view, fromUs, toUs);
  if (span === undefined) return;
  const { left, right } = span;
  context.fillStyle = palette.strong;
  context.fillRect(left, box.base - 1, right - left, 2);
}

/** Nobody is there. */
function hatch(
  context: CanvasRenderingContext2D,
  { view, palette }: Scene,
  box: LaneBox,
  fromUs: number,
  toUs: number,
): void {
  const span = visibleSpan(view, fromUs, toUs);
  if (span === undefined) return;
  const { left, right } = span;
  const [top, height] = [box.base - 11, 22];
  context.save();
  context.beginPath();
  context.rect(left, top, right - left, height);
  context.clip();
  context.fillStyle = palette.page;
  context.fillRect(left, top, right - left, height);
  context.strokeStyle = palette.strong;
  context.globalAlpha = 0.45;
  context.lineWidth = 1;
  context.beginPath();
  const step = 7;
  for (let x = Math.floor((left - height) / step) * step; x < right; x += step) {
    context.moveTo(x, top + height);
    context.lineTo(x + height, top);
  }
  context.stroke();
  context.restore();
  caption(context, { ink: palette.muted, ground: palette.page }, 'down', left, right, box.base);
}

function pauseBar(
  context: CanvasRenderingContext2D,
  { view, palette }: Scene,
  box: LaneBox,
  fromUs: number,
  toUs: number,
): void {
  const span = visibleSpan(view, fromUs, toUs);
  if (span === undefined) return;
  const { left, right } = span;
  context.fillStyle = palette.card;
  context.fillRect(left, box.base - 2, right - left, 4);
  context.fillStyle = palette.unclear;
  for (let x = left; x < right; x += 5) context.fillRect(x, box.base - 1, Math.min(2, right - x), 2);
  caption(context, { ink: palette.unclear, ground: palette.card }, 'paused', left, right, box.base);
}

interface Colours {
  readonly ink: string;
  readonly ground: string;
}

/** A word in the middle of a span, where there is room for it. */
function caption(
  context: CanvasRenderingContext2D,
  { ink, ground }: Colours,
  text: string,
  left: number,
  right: number,
  middle: number,
): void {
  context.font = smallFont;
  context.textBaseline = 'middle';
  const width = context.measureText(text).width;
  if (right - left < width + 16) return;
  const x = (left + right - width) / 2;
  context.fillStyle = ground;
  context.fillRect(x - 4, middle - 8, width + 8, 16);
  context.fillStyle = ink;
  context.textAlign = 'left';
  context.fillText(text, x, middle);
}

/** What of a time is in view, a little over its edges. */
function visibleSpan(
  view: Scene['view'],
  fromUs: number,
  toUs: number,
): { readonly left: number; readonly right: number } | undefined {
  if (toUs < view.fromUs || fromUs > view.toUs) return undefined;
  return {
    left: Math.max(view.x(fromUs), view.left - 4),
    right: Math.min(view.x(toUs), view.left + view.width + 4),
  };
}
