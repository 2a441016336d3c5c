/** A thread that is a producer, a consumer or a stage. */
import { type MemberId, type StructView, type Team, defineStruct } from '@quorate/threads';
import { serve, type WorkerContext } from '@quorate/threads/worker';
import {
  type MessageSlot,
  type RingPlace,
  type Seat,
  ThreadQueue,
  ThreadStream,
} from '../../src/shared/index.ts';

/** The most lanes, each of which is a producer's numbers from 1 on; and the most numbers of one. */
export const [lanesMax, numbersMax] = [16, 200_000];

/** What the threads of a test share beside the queue. */
export const Shared = defineStruct([
  /** Set to end the producers. */
  { stop: 'int32' },
  { wrong: 'int32' },
  /** By lane: the last number that is certainly published. */
  { published: ['int32', lanesMax] },
  /** By stage: the highest number that it has read. */
  { heights: ['int32', 8] },
  /** By lane and number: how often it was read. */
  { reads: ['uint8', lanesMax * numbersMax] },
]);

export interface WorkerData {
  readonly memory: SharedArrayBuffer;
  readonly place: RingPlace;
  /** 0: sleeps whenever it can. */
  readonly spins: number;
}

/** A message: its lane, its number, a check over both, and so many bytes more that depend on the number. */
export function messageBytesOf(number: number): number {
  return 12 + 4 * (number % 12);
}

type Message = Pick<MessageSlot, 'words' | 'wordOffset' | 'byteCount'>;
type Place = Pick<MessageSlot, 'words' | 'wordOffset'>;

export function fill({ words, wordOffset }: Place, lane: number, number: number): void {
  words[wordOffset] = lane;
  words[wordOffset + 1] = number;
  const length = messageBytesOf(number) / 4;
  for (let index = 2; index < length; index++)
    words[wordOffset + index] = Math.imul(number + index, 0x9e37_79b1) ^ lane;
}

/** The same in memory of its own. */
export function messageOf(lane: number, number: number): Uint8Array {
  const words = new Int32Array(messageBytesOf(number) / 4);
  fill({ words, wordOffset: 0 }, lane, number);
  return new Uint8Array(words.buffer);
}

/** @returns whether it is a whole message */
function isWhole({ words, wordOffset, byteCount }: Message): boolean {
  const [lane, number] = [words[wordOffset] as number, words[wordOffset + 1] as number];
  if (byteCount !== messageBytesOf(number)) return false;
  for (let index = 2; index < byteCount / 4; index++)
    if (words[wordOffset + index] !== (Math.imul(number + index, 0x9e37_79b1) ^ lane)) return false;
  return true;
}

class Loops {
  readonly #shared: StructView<typeof Shared>;
  readonly #data: WorkerData;
  readonly #seat: Seat;

  constructor(data: WorkerData, seat: Seat) {
    this.#shared = Shared.view(data.memory);
    this.#data = data;
    this.#seat = { ...seat, spins: data.spins };
  }

  /** Puts the lane's numbers into the queue, from where it stands, up to `last`. */
  async produce(lane: number, last: number, awaits: boolean): Promise<void> {
    const queue = ThreadQueue.attach(this.#data.place, this.#seat);
    const { published, stop } = this.#shared;
    for (
      let number = (published[lane] as number) + 1;
      number <= last && Atomics.load(stop, 0) === 0;
      number++
    ) {
      if (awaits) await queue.pushAsync(messageOf(lane, number));
      else queue.write(messageBytesOf(number), slot => fill(slot, lane, number));
      Atomics.store(published, lane, number);
    }
  }

  /** Reads until the end. Of each lane the numbers grow, but for what is given again. */
  async consume(awaits: boolean, mayRepeat: boolean): Promise<number> {
    const queue = ThreadQueue.attach(this.#data.place, this.#seat);
    const last = new Int32Array(lanesMax);
    const note = (slot: Message): void => this.#note(slot, last, mayRepeat);
    let count = 0;
    if (!awaits) {
      for (let read = -1; read !== 0; count += read) read = queue.read(note, { max: 7 });
      return count;
    }
    for (;;) {
      const lease = await queue.takeAsync();
      if (lease === undefined) return count;
      const words = new Int32Array(lease.bytes.buffer);
      const { byteOffset, byteLength } = lease.bytes;
      note({ words, wordOffset: byteOffset / 4, byteCount: byteLength });
      lease.done();
      count++;
    }
  }

  /** Is the producer of a stream, from where it stands. */
  async stream(last: number, awaits: boolean): Promise<void> {
    using producer = ThreadStream.attach(this.#data.place, this.#seat).produce();
    const { published } = this.#shared;
    for (let number = (published[0] as number) + 1; number <= last; number++) {
      if (awaits) await producer.pushAsync(messageOf(0, number));
      else producer.write(messageBytesOf(number), slot => fill(slot, 0, number));
      Atomics.store(published, 0, number);
    }
    producer.close();
  }

  /** Is a stage of a stream until the end: it reads number after number, none before the stages that it comes after. */
  async stage({ name, index, after, awaits, max }: StageOrder): Promise<void> {
    using consumer = ThreadStream.attach(this.#data.place, this.#seat).consume(name);
    const { heights, wrong } = this.#shared;
    const note = (slot: MessageSlot): void => {
      const number = slot.words[slot.wordOffset + 1] as number;
      const height = heights[index] as number;
      const isBehind = after.every(other => number <= Atomics.load(heights, other));
      if (!isWhole(slot) || number > height + 1 || !isBehind) Atomics.add(wrong, 0, 1);
      Atomics.store(heights, index, Math.max(number, height));
    };
    for (let read = -1; read !== 0; )
      read = awaits ? await consumer.readAsync(note, { max }) : consumer.read(note, { max });
  }

  #note(slot: Message, last: Int32Array, mayRepeat: boolean): void {
    const { reads, wrong } = this.#shared;
    const [lane, number] = [slot.words[slot.wordOffset] as number, slot.words[slot.wordOffset + 1] as number];
    if (!isWhole(slot) || (!mayRepeat && number <= (last[lane] as number))) Atomics.add(wrong, 0, 1);
    last[lane] = number;
    Atomics.add(reads, lane * numbersMax + number, 1);
  }
}

export interface StageOrder {
  readonly name: string;
  /** Of its height among `Shared.heights`, and of those that it comes after. */
  readonly index: number;
  readonly after: readonly number[];
  readonly awaits: boolean;
  readonly max: number;
}

export const queueWorker = serve((worker: WorkerContext<WorkerData>) => {
  const seat = { team: worker.team as Team, member: worker.member as MemberId };
  const loops = new Loops(worker.data, seat);
  return {
    produce: ({ lane, last, awaits = false }: { lane: number; last: number; awaits?: boolean }) =>
      loops.produce(lane, last, awaits),
    consume: ({ awaits = false, mayRepeat = false }: { awaits?: boolean; mayRepeat?: boolean }) =>
      loops.consume(awaits, mayRepeat),
    stream: ({ last, awaits = false }: { last: number; awaits?: boolean }) => loops.stream(last, awaits),
    stage: (order: StageOrder) => loops.stage(order),
  };
});
