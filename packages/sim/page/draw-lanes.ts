import { drawArrows } from './draw-arrows.ts';
import { drawCalls, drawPoints } from './draw-calls.ts';
import { drawFaultBands, drawFaultRows } from './draw-faults.ts';
import { drawLives } from './draw-lives.ts';
import { drawMarks } from './draw-marks.ts';
import { drawFinding, drawSelection } from './draw-selection.ts';
import { boldFont, fitted, type Scene } from './scene.ts';
import { ticks } from './ticks.ts';

/** Draws all lanes. Returns what a reader must be told about what is not drawn; empty mostly. */
export function drawLanes(context: CanvasRenderingContext2D, scene: Scene, width: number): string {
  const { layout, view } = scene;
  context.save();
  context.beginPath();
  context.rect(view.left, 0, view.width, layout.height);
  context.clip();
  drawGrid(context, scene);
  let arrows = 0;
  for (const [index, model] of scene.models.entries()) {
    drawFaultBands(context, scene, index);
    drawPhases(context, scene, index);
    drawLives(context, scene, index);
    arrows += drawArrows(context, scene, index);
    drawCalls(context, scene, index);
    drawMarks(context, scene, index);
    drawPoints(context, scene, index);
    drawFaultRows(context, scene, index);
    drawFinding(context, scene, index, model);
  }
  drawSelection(context, scene);
  context.restore();
  drawNames(context, scene, width);
  return arrows === 0
    ? ''
    : `${arrows.toLocaleString('en-US')} messages in view: zoom in to see their arrows`;
}

function drawGrid(context: CanvasRenderingContext2D, { view, layout, palette }: Scene): void {
  context.strokeStyle = palette.line;
  context.lineWidth = 1;
  context.beginPath();
  for (const { atUs } of ticks(view.fromUs, view.toUs, view.width / 110)) {
    const x = Math.round(view.x(atUs)) + 0.5;
    context.moveTo(x, 0);
    context.lineTo(x, layout.height);
  }
  context.stroke();
}

/** Dashed lines where the phases of the run begin. */
function drawPhases(
  context: CanvasRenderingContext2D,
  { models, view, layout, palette }: Scene,
  index: number,
): void {
  const [run, box] = [models[index]?.run, layout.runs[index]];
  const phase = run?.data.kinds.indexOf('phase') ?? -1;
  if (run === undefined || box === undefined || phase < 0) return;
  context.strokeStyle = palette.strong;
  context.setLineDash([4, 4]);
  context.beginPath();
  for (let event = 0; event < run.count; event++) {
    if (run.kinds[event] !== phase) continue;
    const x = Math.round(view.x(run.time(event))) + 0.5;
    context.moveTo(x, box.top);
    context.lineTo(x, box.bottom);
  }
  context.stroke();
  context.setLineDash([]);
}

/** Names stand left of the lanes; where there are two runs, each has its title across. */
function drawNames(
  context: CanvasRenderingContext2D,
  { layout, view, palette, models }: Scene,
  width: number,
): void {
  context.font = boldFont;
  context.textBaseline = 'middle';
  context.textAlign = 'left';
  for (const box of layout.lanes) {
    context.fillStyle = palette.line;
    context.fillRect(0, box.top + box.height, width, 1);
    context.fillStyle = box.client ? palette.c2 : palette.c0;
    context.fillRect(0, box.top + 8, 3, box.height - 15);
    context.fillStyle = palette.ink;
    context.fillText(fitted(context, box.name, view.left - 18), 11, box.top + box.height / 2);
  }
  for (const box of layout.runs) {
    if (box.faultRows > 0) {
      context.fillStyle = palette.muted;
      context.fillText('Faults', 11, box.faultsTop + 9);
      context.fillStyle = palette.line;
      context.fillRect(0, box.faultsTop + box.faultRows * 20 + 3, width, 1);
    }
    if (models.length < 2) continue;
    context.fillStyle = palette.line;
    context.fillRect(0, box.top, width, 24);
    context.fillStyle = palette.ink;
    const name = `${box.run === 0 ? 'A' : 'B'}: ${box.title}`;
    context.fillText(fitted(context, name, width - 24), 11, box.top + 12);
  }
}
