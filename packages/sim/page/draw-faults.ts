import { faultRowHeight, faultTop } from './lane-layout.ts';
import { fitted, type Palette, type Scene, smallFont } from './scene.ts';

/** What is struck has the colour: the network, a process, a disk, a clock. */
export function faultColour(kind: string, palette: Palette): string {
  if (/crash|pause|process|down/.test(kind)) return palette.c4;
  if (/disk|full|sync|rot|torn/.test(kind)) return palette.c7;
  if (/clock|jump|skew|drift/.test(kind)) return palette.c6;
  return palette.c1;
}

/** Tints the lanes that a fault strikes for as long as it lasts. */
export function drawFaultBands(context: CanvasRenderingContext2D, scene: Scene, index: number): void {
  const { view, layout, palette } = scene;
  context.save();
  for (const fault of scene.models[index]?.spans.faults ?? []) {
    if (fault.toUs < view.fromUs || fault.fromUs > view.toUs) continue;
    const [left, right] = [view.x(fault.fromUs), view.x(fault.toUs)];
    context.fillStyle = faultColour(fault.kind, palette);
    for (const box of layout.lanes) {
      if (box.run !== index || !fault.lanes.includes(box.lane)) continue;
      context.globalAlpha = 0.1;
      context.fillRect(left, box.top + 1, Math.max(right - left, 1), box.height - 1);
      context.globalAlpha = 0.5;
      context.fillRect(left, box.top + 1, 1, box.height - 1);
      context.fillRect(right - 1, box.top + 1, 1, box.height - 1);
    }
  }
  context.restore();
}

/** A bar with its name for each fault, above the lanes. */
export function drawFaultRows(context: CanvasRenderingContext2D, scene: Scene, index: number): void {
  const { view, palette } = scene;
  const box = scene.layout.runs[index];
  if (box === undefined) return;
  context.font = smallFont;
  context.textBaseline = 'middle';
  context.textAlign = 'left';
  for (const fault of scene.models[index]?.spans.faults ?? []) {
    if (fault.toUs < view.fromUs || fault.fromUs > view.toUs) continue;
    const left = Math.max(view.x(fault.fromUs), view.left - 4);
    const right = Math.min(view.x(fault.toUs), view.left + view.width + 4);
    const top = faultTop(box, fault.row);
    const width = Math.max(right - left - 1, 2);
    context.fillStyle = palette.card;
    context.fillRect(left, top, width, faultRowHeight - 3);
    context.globalAlpha = 0.28;
    context.fillStyle = faultColour(fault.kind, palette);
    context.fillRect(left, top, width, faultRowHeight - 3);
    context.globalAlpha = 1;
    context.fillRect(left, top, Math.min(2, width), faultRowHeight - 3);
    context.fillStyle = palette.ink;
    const text = fault.text === '' ? fault.kind : `${fault.kind}: ${fault.text}`;
    context.fillText(fitted(context, text, width - 12), Math.max(left, view.left) + 7, top + 9);
  }
}
