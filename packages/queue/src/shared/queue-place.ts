import { defineStruct } from '@quorate/threads';
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

/** What threads share beside the slots. What one side writes often is apart from what the other reads. */
const Control = defineStruct([
  /** How often messages that consumers had passed may have come back to be taken. */
  { returns: 'int32' },
  { tail: 'int32' },
  { head: 'int32' },
  /** Bells: for consumers, for producers. */
  { messages: ['int32', 2] },
  { spaces: ['int32', 2] },
  /** Messages given again after a death or a return; slots that were claimed and passed without a message. */
  { redelivered: 'int32', voided: 'int32' },
]);

interface ControlWords {
  readonly returns: Int32Array;
  readonly tail: Int32Array;
  readonly head: Int32Array;
  readonly messages: Int32Array;
  readonly spaces: Int32Array;
  readonly redelivered: Int32Array;
  readonly voided: Int32Array;
}

/** A queue's memory as one thread sees it. */
export interface PlacedQueue extends PlacedRing {
  readonly control: ControlWords;
  /** All of the buffer. */
  readonly words: Int32Array;
  /** Of the first slot, in words of the buffer. */
  readonly firstWord: number;
  readonly strideWords: number;
}

export function queueBytes(size: RingSize): number {
  return headerBytes + Control.size + size.capacity * slotStride(size);
}

/** Writes a new queue. @throws as {@link placeRing} */
export function placeQueue(size: RingSize, options: PlaceOptions): PlacedQueue {
  const queue = placed(placeRing('queue', size, 0, queueBytes(size), options));
  // No slot was ever owned: what is claimed first is of lap 0, whose parity is another than that of -1.
  for (let slot = 0; slot < size.capacity; slot++)
    queue.words[queue.firstWord + slot * queue.strideWords + 1] = -1;
  openRing(queue);
  return queue;
}

/** Finds the queue that another thread placed. @throws as {@link findRing} */
export function findQueue(place: RingPlace): PlacedQueue {
  return placed(findRing('queue', place));
}

function placed(ring: PlacedRing): PlacedQueue {
  const { buffer, byteOffset } = ring.place;
  return {
    ...ring,
    control: Control.view(buffer, byteOffset + headerBytes),
    words: new Int32Array(buffer),
    firstWord: (byteOffset + headerBytes + Control.size) / 4,
    strideWords: slotStride(ring) / 4,
  };
}
