import { boxesOf, drawCross } from './draw-arrows.ts';
import { type Group, groupNames, groupOf } from './kind-group.ts';
import type { LaneBox } from './lane-layout.ts';
import type { RunModel } from './run-model.ts';
import { fitted, type Palette, type Scene, smallFont, terse } from './scene.ts';

/** More events than this of one group are drawn as a skyline of how many there are, not one by one. */
const MARKS_MAX = 500;
const LABELS_MAX = 300;

/** Draws the events in view on their lanes. */
export function drawMarks(context: CanvasRenderingContext2D, scene: Scene, index: number): void {
  const model = scene.models[index];
  if (model === undefined) return;
  const [first, last] = [model.run.firstAt(scene.view.fromUs), model.run.firstAt(scene.view.toUs + 1)];
  const groups = model.run.data.kinds.map(groupOf);
  const counts = new Map<Group, number>();
  for (let event = first; event < last; event++) {
    if (model.shown[event] !== 1) continue;
    const group = groups[model.run.kinds[event] ?? 0] ?? 'other';
    counts.set(group, (counts.get(group) ?? 0) + 1);
  }
  const dense = groupNames.filter(group => (counts.get(group) ?? 0) > MARKS_MAX);
  if (dense.length > 0) drawSkyline(context, scene, index, new Set(dense), first, last);
  const boxes = boxesOf(scene, index);
  const labels = new Labels(context, scene);
  const labelled = (counts.get('facts') ?? 0) + (counts.get('logs') ?? 0) + (counts.get('probes') ?? 0);
  for (let event = first; event < last; event++) {
    const group = groups[model.run.kinds[event] ?? 0] ?? 'other';
    const box = boxes.get(model.run.lane(event));
    if (model.shown[event] !== 1 || box === undefined || dense.includes(group)) continue;
    const x = scene.view.x(model.run.time(event));
    drawMark(context, model.run.type(event), group, x, box.base, scene.palette);
    if (labelled <= LABELS_MAX) label(labels, model, event, x, box);
  }
  labels.draw();
}

/** Beside programs' own words there are the numbers of their starts. */
function label(labels: Labels, { run }: RunModel, event: number, x: number, box: LaneBox): void {
  const type = run.type(event);
  if (type === 'fact') labels.add(terse(String(run.field(event, 'fact'))), x + 7, box, 1);
  else if (type === 'probe') labels.add(String(run.field(event, 'probe')), x + 7, box, 1);
  else if (type === 'log') labels.add(String(run.field(event, 'text')), x + 5, box, box.client ? 1 : 0);
  else if (type === 'start') labels.add(`#${run.id(event, 'incarnation')}`, x + 4, box, 2);
}

/** Words beside marks. One that would lie over the next is cut, or left out. */
class Labels {
  readonly #context: CanvasRenderingContext2D;
  readonly #scene: Scene;
  readonly #last = new Map<string, { text: string; x: number; y: number }>();

  constructor(context: CanvasRenderingContext2D, scene: Scene) {
    this.#context = context;
    this.#scene = scene;
  }

  /** In the order of time. Row 0 is above row 1; row 2 is below the lane's line. */
  add(text: string, x: number, box: LaneBox, row: 0 | 1 | 2): void {
    const key = `${box.top} ${row}`;
    const before = this.#last.get(key);
    if (before !== undefined) this.#write(before, x - before.x - 14);
    this.#last.set(key, { text, x, y: box.base + ([-24, -9, 12] as const)[row] });
  }

  draw(): void {
    for (const one of this.#last.values()) this.#write(one, 260);
  }

  #write({ text, x, y }: { text: string; x: number; y: number }, room: number): void {
    const context = this.#context;
    context.font = smallFont;
    context.textBaseline = 'middle';
    context.textAlign = 'left';
    const words = fitted(context, text, Math.min(room, 260));
    if (words === '') return;
    context.lineWidth = 3;
    context.strokeStyle = this.#scene.palette.card;
    context.strokeText(words, x, y);
    context.fillStyle = this.#scene.palette.ink;
    context.fillText(words, x, y);
  }
}

/** How many events there are, for every two pixels, above the lane's line; the height is the logarithm. */
function drawSkyline(
  context: CanvasRenderingContext2D,
  scene: Scene,
  index: number,
  dense: ReadonlySet<Group>,
  first: number,
  last: number,
): void {
  const model = scene.models[index];
  if (model === undefined) return;
  const kinds = model.run.data.kinds.map(kind => dense.has(groupOf(kind)));
  const columns = Math.ceil(scene.view.width / 2) + 1;
  const counts = model.run.data.lanes.map(() => new Uint16Array(columns));
  for (let event = first; event < last; event++) {
    if (model.shown[event] !== 1 || kinds[model.run.kinds[event] ?? 0] !== true) continue;
    const own = counts[model.run.lane(event)];
    const column = Math.floor((scene.view.x(model.run.time(event)) - scene.view.left) / 2);
    if (own !== undefined && column >= 0 && column < columns) own[column] = (own[column] ?? 0) + 1;
  }
  context.fillStyle = scene.palette.c0;
  context.globalAlpha = 0.45;
  for (const [lane, box] of boxesOf(scene, index)) {
    for (const [column, count] of (counts[lane] ?? new Uint16Array()).entries()) {
      if (count === 0) continue;
      const height = Math.min(2 + 4 * Math.log2(count + 1), 24);
      context.fillRect(scene.view.left + column * 2, box.base - 1 - height, 2, height);
    }
  }
  context.globalAlpha = 1;
}

export function groupColour(group: Group, palette: Palette): string {
  const colours: Readonly<Record<Group, string>> = {
    messages: palette.c0,
    timers: palette.strong,
    process: palette.met,
    faults: palette.c1,
    operations: palette.c2,
    facts: palette.c3,
    logs: palette.muted,
    probes: palette.c5,
    disk: palette.c7,
    clock: palette.c6,
    connections: palette.strong,
    run: palette.ink,
    other: palette.muted,
  };
  return colours[group];
}

/** Each group has a shape beside its colour. A lost message has the cross of its arrow. */
function drawMark(
  context: CanvasRenderingContext2D,
  type: string,
  group: Group,
  x: number,
  base: number,
  palette: Palette,
): void {
  context.fillStyle = context.strokeStyle = groupColour(group, palette);
  context.lineWidth = 1.4;
  if (type === 'crash') {
    context.strokeStyle = palette.missed;
    drawCross(context, x, base, 5);
    return;
  }
  if (type === 'drop') return;
  if (group === 'timers') context.fillRect(x - 0.75, base + 2, 1.5, 5);
  else if (group === 'disk') context.fillRect(x - 2.5, base + 4, 5, 5);
  else if (group === 'logs') context.fillRect(x - 1, base - 30, 2, 29);
  else {
    context.beginPath();
    shape(context, type, group, x, base);
    if (type === 'send' || group === 'clock' || group === 'connections') {
      context.save();
      context.fillStyle = palette.card;
      context.fill();
      context.restore();
      context.stroke();
    } else context.fill();
  }
}

function shape(context: CanvasRenderingContext2D, type: string, group: Group, x: number, base: number): void {
  const polygon = (...points: (readonly [number, number])[]): void => {
    for (const [dx, dy] of points) context.lineTo(x + dx, base + dy);
    context.closePath();
  };
  if (group === 'facts') polygon([0, -14], [4.5, -9], [0, -4], [-4.5, -9]);
  else if (group === 'probes') polygon([0, -15], [4.5, -5], [-4.5, -5]);
  else if (group === 'clock') polygon([0, 3], [4.5, 7.5], [0, 12], [-4.5, 7.5]);
  else if (type === 'start') polygon([-2, -6], [8, 0], [-2, 6]);
  else if (group === 'process') polygon([-2, -6], [1, -6], [1, 6], [-2, 6]);
  else context.arc(x, base, group === 'messages' ? 2.6 : 3.2, 0, 2 * Math.PI);
}
