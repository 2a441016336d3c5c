import type { LaneBox } from './lane-layout.ts';
import type { Arrow } from './links.ts';
import type { Palette, Scene } from './scene.ts';

/** More arrows than this are a carpet. */
const ARROWS_MAX = 2000;
const HEADS_MAX = 900;
/** A message that is lost ends so far before the line of its receiver. */
const LOST_PX = 10;

/** The ends of an arrow in the drawing. A lost message ends before it arrives. */
export interface ArrowPlace {
  readonly fromX: number;
  readonly fromY: number;
  readonly toX: number;
  readonly toY: number;
}

/** Draws the messages in view, or none where they are too many; then answers how many they are. */
export function drawArrows(context: CanvasRenderingContext2D, scene: Scene, index: number): number {
  const visible = arrowsInView(scene, index);
  if (typeof visible === 'number') return visible;
  const boxes = boxesOf(scene, index);
  const alpha = visible.length < 120 ? 0.85 : visible.length < 600 ? 0.55 : 0.3;
  for (const arrow of visible) {
    const place = arrowPlace(scene, arrow, boxes);
    if (place === undefined) continue;
    context.globalAlpha = arrow.fate === 'delivered' ? alpha : Math.min(alpha + 0.25, 1);
    drawArrow(context, arrow, place, scene.palette, 1.2, visible.length < HEADS_MAX);
  }
  context.globalAlpha = 1;
  return 0;
}

/** The messages in view, or how many they are where none of them is drawn. */
export function arrowsInView(scene: Scene, index: number): readonly Arrow[] | number {
  const { view, models } = scene;
  const model = models[index];
  if (model === undefined) return [];
  const visible: Arrow[] = [];
  let count = 0;
  for (const arrow of model.links.arrows) {
    if (arrow.toUs < view.fromUs || arrow.fromUs > view.toUs) continue;
    if (model.shown[arrow.end] !== 1 && model.shown[arrow.send] !== 1) continue;
    count++;
    if (count <= ARROWS_MAX) visible.push(arrow);
  }
  return count > ARROWS_MAX ? count : visible;
}

export function boxesOf({ layout }: Scene, index: number): Map<number, LaneBox> {
  return new Map(layout.lanes.filter(({ run }) => run === index).map(box => [box.lane, box]));
}

export function arrowPlace(
  { view }: Scene,
  arrow: Arrow,
  boxes: ReadonlyMap<number, LaneBox>,
): ArrowPlace | undefined {
  const [from, to] = [boxes.get(arrow.fromLane), boxes.get(arrow.toLane)];
  if (from === undefined || to === undefined) return undefined;
  const [fromX, toX] = [view.x(arrow.fromUs), view.x(arrow.toUs)];
  const short = arrow.fate === 'dropped' ? LOST_PX * Math.sign(to.base - from.base) : 0;
  return { fromX, fromY: from.base, toX, toY: to.base - short };
}

export function fateColour(fate: Arrow['fate'], palette: Palette): string {
  if (fate === 'dropped') return palette.missed;
  if (fate === 'corrupted') return palette.c4;
  if (fate === 'duplicate') return palette.c1;
  return fate === 'pending' ? palette.muted : palette.c0;
}

/** A lost message ends in a cross, a corrupted one is a zigzag of dashes, a repeated one is dashed. */
export function drawArrow(
  context: CanvasRenderingContext2D,
  { fate }: Arrow,
  { fromX, fromY, toX, toY }: ArrowPlace,
  palette: Palette,
  width: number,
  head: boolean,
): void {
  context.strokeStyle = context.fillStyle = fateColour(fate, palette);
  context.lineWidth = width;
  if (fate === 'duplicate') context.setLineDash([6, 3]);
  else if (fate === 'corrupted') context.setLineDash([2, 2]);
  else if (fate === 'pending') context.setLineDash([1, 4]);
  context.beginPath();
  context.moveTo(fromX, fromY);
  context.lineTo(toX, toY);
  context.stroke();
  context.setLineDash([]);
  if (fate === 'dropped') drawCross(context, toX, toY, 3.5);
  else if (head && fate !== 'pending') drawHead(context, fromX, fromY, toX, toY, fate === 'corrupted');
}

function drawHead(
  context: CanvasRenderingContext2D,
  fromX: number,
  fromY: number,
  toX: number,
  toY: number,
  hollow: boolean,
): void {
  const angle = Math.atan2(toY - fromY, toX - fromX);
  const point = (turn: number, size: number): [number, number] => [
    toX - size * Math.cos(angle + turn),
    toY - size * Math.sin(angle + turn),
  ];
  context.beginPath();
  context.moveTo(...point(0, 2));
  context.lineTo(...point(0.42, 9));
  context.lineTo(...point(-0.42, 9));
  context.closePath();
  if (hollow) context.stroke();
  else context.fill();
}

export function drawCross(context: CanvasRenderingContext2D, x: number, y: number, size: number): void {
  context.lineWidth = 1.8;
  context.beginPath();
  context.moveTo(x - size, y - size);
  context.lineTo(x + size, y + size);
  context.moveTo(x + size, y - size);
  context.lineTo(x - size, y + size);
  context.stroke();
}
