import { type Scene, smallFont } from './scene.ts';
import { ticks } from './ticks.ts';

/** Times above the lanes, and the phases of the first run where there is room for their names. */
export function drawAxis(context: CanvasRenderingContext2D, scene: Scene, height: number): void {
  const { view, palette } = scene;
  context.font = smallFont;
  context.textBaseline = 'middle';
  context.textAlign = 'left';
  const busy = drawPhaseNames(context, scene, height);
  for (const { atUs, text } of ticks(view.fromUs, view.toUs, view.width / 110)) {
    const x = view.x(atUs);
    const width = context.measureText(text).width;
    const [left, right] = [x - width / 2, x + width / 2];
    if (left < view.left || right > view.left + view.width) continue;
    if (busy.some(([from, to]) => right > from && left < to)) continue;
    context.fillStyle = palette.muted;
    context.fillText(text, left, height / 2);
    busy.push([left - 8, right + 8]);
  }
}

/** Returns what room they take. */
function drawPhaseNames(
  context: CanvasRenderingContext2D,
  { view, palette, models }: Scene,
  height: number,
): [left: number, right: number][] {
  const busy: [number, number][] = [];
  const run = models[0]?.run;
  const phase = run?.data.kinds.indexOf('phase') ?? -1;
  if (run === undefined || phase < 0) return busy;
  for (let event = 0; event < run.count; event++) {
    if (run.kinds[event] !== phase) continue;
    const x = view.x(run.time(event));
    const text = String(run.field(event, 'phase'));
    const width = context.measureText(text).width;
    if (x < view.left - 2 || x + width + 12 > view.left + view.width) continue;
    context.fillStyle = palette.ink;
    context.fillRect(x, 4, 1.5, height - 4);
    if (busy.some(([from, to]) => x + width > from && x < to)) continue;
    context.fillText(text, x + 6, height / 2);
    busy.push([x - 6, x + width + 14]);
  }
  return busy;
}
