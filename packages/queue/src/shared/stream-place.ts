import { defineStruct, type StructView } from '@quorate/threads';
import { Bell } from './bell.ts';
import {
  type PlaceOptions,
  type PlacedRing,
  type RingPlace,
  type RingSize,
  findRing,
  headerBytes,
  openRing,
  placeRing,
  slotStride,
} from './ring-place.ts';

const stageNameMaxBytes = 48;

/** Stages are bits of a word. */
const stagesMax = 30;

/** What threads share of the producer. Its cursor is the position of the next message: all before it are published. */
const Control = defineStruct([
  { closed: 'int32' },
  { cursor: 'int32', owner: 'int32' },
  { bell: ['int32', 2] },
]);

/** What they share of a stage. Its sequence is the position of the next message that it reads: it is done with all before it. */
const StageWords = defineStruct([
  { after: 'int32', nameBytes: 'int32', name: ['uint8', stageNameMaxBytes] },
  { sequence: 'int32', owner: 'int32' },
  { bell: ['int32', 2] },
]);

/** Each stage's name and the names of those it comes after; a stage comes behind those that it names. */
export type Stages = Readonly<Record<string, readonly string[]>>;

/**
 * A stage as one thread sees it. Bells belong to those who sleep on them: a stage that waited on the bell of one that it comes
 * after could be held up by another.
 */
export interface PlacedStage {
  readonly name: string;
  /** Those it comes after. Empty: it reads what the producer has published. */
  readonly after: readonly PlacedStage[];
  readonly sequence: Int32Array;
  readonly owner: Int32Array;
  /** What it sleeps on until there are messages. */
  readonly bell: Bell;
  /** Of those who wait for it: the stages that come after it, or the producer. */
  readonly next: readonly Bell[];
}

/** A stream's memory as one thread sees it. */
export interface PlacedStream extends PlacedRing {
  readonly cursor: Int32Array;
  readonly owner: Int32Array;
  /** What the producer sleeps on until there is room. */
  readonly bell: Bell;
  /** Of the stages that come after no other. */
  readonly next: readonly Bell[];
  readonly all: readonly PlacedStage[];
  /** Those that no other comes after: when they are done with a message its slot is free. */
  readonly last: readonly PlacedStage[];
  /** All of the buffer. */
  readonly words: Int32Array;
  /** Of the first slot, in words of the buffer. */
  readonly firstWord: number;
  readonly strideWords: number;
}

export function streamBytes(size: RingSize, stages: number): number {
  return headerBytes + Control.size + stages * StageWords.size + size.capacity * slotStride(size);
}

/** Writes a new stream. @throws as {@link placeRing}; TypeError, RangeError for stages that are none */
export function placeStream(size: RingSize, stages: Stages, options: PlaceOptions): PlacedStream {
  const masks = checkStages(stages);
  const ring = placeRing('stream', size, masks.size, streamBytes(size, masks.size), options);
  let index = 0;
  for (const [name, mask] of masks) {
    const words = stageAt(ring, index++);
    const bytes = new TextEncoder().encode(name);
    words.after[0] = mask;
    words.nameBytes[0] = bytes.length;
    words.name.set(bytes);
  }
  openRing(ring);
  return placed(ring);
}

/** Finds the stream that another thread placed. @throws as {@link findRing} */
export function findStream(place: RingPlace): PlacedStream {
  return placed(findRing('stream', place));
}

/** @returns by name a bit for each stage that it comes after */
export function checkStages(stages: Stages): ReadonlyMap<string, number> {
  const masks = new Map<string, number>();
  for (const [name, after] of Object.entries(stages)) {
    const bytes = new TextEncoder().encode(name).length;
    if (bytes < 1 || bytes > stageNameMaxBytes)
      throw new RangeError(
        `Name of a stage must have 1 to ${stageNameMaxBytes} bytes of UTF-8: received "${name}"`,
      );
    const known = [...masks.keys()];
    let mask = 0;
    for (const other of after) {
      const index = known.indexOf(other);
      if (index < 0)
        throw new TypeError(
          `Stage "${name}" must come after stages that are named before it: received "${other}"`,
        );
      mask |= 1 << index;
    }
    masks.set(name, mask);
  }
  if (masks.size < 1 || masks.size > stagesMax)
    throw new RangeError(`Stream must have 1 to ${stagesMax} stages: received ${masks.size}`);
  return masks;
}

function stageAt({ place }: PlacedRing, index: number): StructView<typeof StageWords> {
  return StageWords.view(
    place.buffer,
    place.byteOffset + headerBytes + Control.size + index * StageWords.size,
  );
}

function placed(ring: PlacedRing): PlacedStream {
  const { buffer, byteOffset } = ring.place;
  const control = Control.view(buffer, byteOffset + headerBytes);
  const { cursor, owner } = control;
  const bell = new Bell(control.bell, 0);
  const views = Array.from({ length: ring.stages }, (_, index) => stageAt(ring, index));
  const masks = views.map(({ after }) => after[0] as number);
  const bells = views.map(view => new Bell(view.bell, 0));
  /** Of the stages that come after the one with this bit. */
  const behind = (bit: number): Bell[] => bells.filter((_, index) => ((masks[index] as number) & bit) !== 0);
  const all: PlacedStage[] = [];
  for (const [index, view] of views.entries()) {
    const mask = masks[index] as number;
    const next = behind(1 << index);
    all.push({
      name: new TextDecoder().decode(view.name.slice(0, view.nameBytes[0])),
      after: all.filter((_, other) => (mask & (1 << other)) !== 0),
      sequence: view.sequence,
      owner: view.owner,
      bell: bells[index] as Bell,
      next: next.length > 0 ? next : [bell],
    });
  }
  return {
    ...ring,
    cursor,
    owner,
    bell,
    next: bells.filter((_, index) => masks[index] === 0),
    all,
    last: all.filter((_, index) => behind(1 << index).length === 0),
    words: new Int32Array(buffer),
    firstWord: (byteOffset + headerBytes + Control.size + ring.stages * StageWords.size) / 4,
    strideWords: slotStride(ring) / 4,
  };
}
