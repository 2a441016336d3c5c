import { type PlaceOptions, type RingPlace, type RingSize, checkSize } from './ring-place.ts';
import { type CheckedSeat, type Seat, checkSeat } from './seat.ts';
import { StreamConsumer } from './stream-consumer.ts';
import {
  type PlacedStream,
  type Stages,
  checkStages,
  findStream,
  placeStream,
  streamBytes,
} from './stream-place.ts';
import { StreamProducer } from './stream-producer.ts';

/** How a stream is made. */
export interface ThreadStreamOptions extends Seat, PlaceOptions, RingSize {
  /** Default: one stage, `main`. */
  readonly stages?: Stages | undefined;
}

/** What a stream tells of itself; each figure was true for a moment, and not all at the same. */
export interface ThreadStreamReport {
  readonly name: string;
  readonly capacity: number;
  readonly messageBytes: number;
  readonly isClosed: boolean;
  /** The member that is the producer, or was when it died; undefined: nobody is. */
  readonly producer: number | undefined;
  readonly stages: Readonly<Record<string, StageReport>>;
}

export interface StageReport {
  readonly after: readonly string[];
  /** The member that is this stage, or was when it died; undefined: nobody is. */
  readonly owner: number | undefined;
  readonly isOwnerAlive: boolean;
  /** Published messages that it is not done with. */
  readonly behind: number;
}

const stagesDefault: Stages = { main: [] };

/**
 * Messages from one producer through stages, in shared memory: each stage reads every message, in order, once the stages that
 * it comes after are done with it (Thompson et al. 2011, "Disruptor").
 *
 * ```
 * one to one        { main: [] }
 * one to three      { a: [], b: [], c: [] }
 * pipeline          { decode: [], apply: ['decode'], reply: ['apply'] }
 * diamond           { journal: [], replicate: [], apply: ['journal', 'replicate'] }
 * ```
 *
 * It is bounded by its slowest stage, a stage that nobody is included. Where there are several producers, or each message is for
 * one of several consumers, use {@link ThreadQueue}.
 */
export class ThreadStream implements Disposable {
  /** Hand this to other threads. */
  readonly place: RingPlace;
  readonly name: string;
  readonly capacity: number;
  readonly messageBytes: number;
  readonly #stream: PlacedStream;
  readonly #seat: CheckedSeat;
  readonly #watch: Disposable;

  private constructor(stream: PlacedStream, seat: CheckedSeat) {
    this.place = stream.place;
    this.name = stream.name;
    this.capacity = stream.capacity;
    this.messageBytes = stream.messageBytes;
    this.#stream = stream;
    this.#seat = seat;
    this.#watch = seat.team.watch(() => this.#wakeAll());
    this.#wakeAll(); // In place of those who died before anybody watched here.
  }

  /** Bytes that a stream takes. @throws TypeError, RangeError */
  static bytesNeeded({
    stages = stagesDefault,
    ...size
  }: RingSize & { readonly stages?: Stages | undefined }): number {
    return streamBytes(checkSize(size), checkStages(stages).size);
  }

  /**
   * Makes a stream.
   *
   * @throws TypeError, RangeError; QuorateError `UNSUPPORTED` where there is no shared memory
   */
  static create(options: ThreadStreamOptions): ThreadStream {
    const seat = checkSeat(options);
    return new ThreadStream(placeStream(checkSize(options), options.stages ?? stagesDefault, options), seat);
  }

  /** Opens a stream that another thread made. @throws TypeError where there is none; RangeError */
  static attach(place: RingPlace, seat: Seat): ThreadStream {
    const checked = checkSeat(seat);
    return new ThreadStream(findStream(place), checked);
  }

  /** Becomes the producer. @throws QuorateError `NOT_OWNER` where a thread that lives is */
  produce(): StreamProducer {
    return new StreamProducer(this.#stream, this.#seat);
  }

  /** Becomes a stage. @throws QuorateError `NOT_OWNER` where a thread that lives is; TypeError where there is no such stage */
  consume(stage = 'main'): StreamConsumer {
    const found = this.#stream.all.find(({ name }) => name === stage);
    if (found === undefined)
      throw new TypeError(
        `Stage must be one of ${this.#stream.all.map(({ name }) => name).join(', ')}: received "${stage}"`,
      );
    return new StreamConsumer(this.#stream, found, this.#seat);
  }

  describe(): ThreadStreamReport {
    const { bell, cursor, owner, all } = this.#stream;
    const { team, member } = this.#seat;
    const isAlive = (id: number): boolean => id !== 0 && team.isAlive(id as typeof member);
    const stages: Record<string, StageReport> = {};
    for (const stage of all) {
      const id = Atomics.load(stage.owner, 0);
      const sequence = Atomics.load(stage.sequence, 0);
      stages[stage.name] = {
        after: stage.after.map(({ name }) => name),
        owner: id || undefined,
        isOwnerAlive: isAlive(id),
        behind: (Atomics.load(cursor, 0) - sequence) | 0,
      };
    }
    return {
      name: this.name,
      capacity: this.capacity,
      messageBytes: this.messageBytes,
      isClosed: bell.isClosed,
      producer: Atomics.load(owner, 0) || undefined,
      stages,
    };
  }

  /** Stops watching for deaths here. Parts that this thread has are kept. */
  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
  }

  /** Whoever died may have moved on without waking those who wait for it. */
  #wakeAll(): void {
    this.#stream.bell.alarm();
    for (const { bell } of this.#stream.all) bell.alarm();
  }
}
