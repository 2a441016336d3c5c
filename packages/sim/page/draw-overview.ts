import { faultColour } from './draw-faults.ts';
import type { Scene } from './scene.ts';

/** The whole run, small: how much happened when, the faults, what was found, and the part that is in view. */
export function drawOverview(
  context: CanvasRenderingContext2D,
  scene: Scene,
  width: number,
  height: number,
): void {
  const { models, view, palette } = scene;
  const place = (atUs: number): number => (atUs / view.endUs) * width;
  context.fillStyle = palette.page;
  context.fillRect(0, 0, width, height);
  const share = height / models.length;
  for (const [index, model] of models.entries()) {
    const bottom = (index + 1) * share - 1;
    for (const fault of model.spans.faults) {
      context.fillStyle = faultColour(fault.kind, palette);
      context.globalAlpha = 0.22;
      context.fillRect(
        place(fault.fromUs),
        index * share,
        Math.max(place(fault.toUs - fault.fromUs), 1),
        share,
      );
    }
    context.globalAlpha = 0.75;
    context.fillStyle = palette.strong;
    const counts = histogram(model.run.times, model.shown, view.endUs, Math.ceil(width));
    const most = Math.log2(1 + counts.reduce((a, b) => Math.max(a, b), 1));
    for (const [x, count] of counts.entries()) {
      const tall = (Math.log2(1 + count) / most) * (share - 5);
      context.fillRect(x, bottom - tall, 1, tall);
    }
    context.globalAlpha = 1;
    const flags: [number | undefined, string][] = [
      [scene.divergence, palette.c4],
      [model.run.data.finding, palette.missed],
    ];
    for (const [event, colour] of flags) {
      if (event === undefined) continue;
      context.fillStyle = colour;
      context.fillRect(
        place(model.run.time(Math.min(event, model.run.count - 1))) - 1,
        index * share,
        2.5,
        share,
      );
    }
  }
  drawWindow(context, scene, place, width, height);
}

function drawWindow(
  context: CanvasRenderingContext2D,
  { view, palette }: Scene,
  place: (atUs: number) => number,
  width: number,
  height: number,
): void {
  const left = Math.max(place(view.fromUs), 0);
  const right = Math.min(Math.max(place(view.toUs), left + 3), width);
  context.fillStyle = palette.page;
  context.globalAlpha = 0.62;
  context.fillRect(0, 0, left, height);
  context.fillRect(right, 0, width - right, height);
  context.globalAlpha = 1;
  context.strokeStyle = palette.c0;
  context.lineWidth = 2;
  context.strokeRect(left + 1, 1, Math.max(right - left - 2, 1), height - 2);
}

const histograms = new WeakMap<Uint8Array, Uint32Array>();

/** How many events are shown in each column; counted anew when the filters or the width change. */
function histogram(times: Float64Array, shown: Uint8Array, endUs: number, columns: number): Uint32Array {
  const known = histograms.get(shown);
  if (known?.length === columns) return known;
  const counts = new Uint32Array(columns);
  for (let event = 0; event < times.length; event++) {
    const column = Math.min(Math.floor(((times[event] ?? 0) / endUs) * columns), columns - 1);
    if (shown[event] === 1) counts[column] = (counts[column] ?? 0) + 1;
  }
  histograms.set(shown, counts);
  return counts;
}
