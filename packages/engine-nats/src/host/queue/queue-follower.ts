import {
  type Clock,
  type Moment,
  QuorateError,
  type Random,
  sleep,
  type Timer,
  momentOf,
} from '@quorate/core';
import type { Msg } from '@nats-io/nats-core';
import type { QueuePace } from '../../queue/queue-pace.ts';
import { decodeRecord, type QueueRecord } from '../../queue/queue-record.ts';
import { QueueReplica, type StepResult } from '../../queue/queue-replica.ts';
import { closed, unavailable } from '../../unavailable.ts';
import type { StreamApi } from '../stream-api.ts';
import { askTime } from './ask-time.ts';
import type { Delivery } from './delivery.ts';
import { LogConsumer } from './log-consumer.ts';
import { type Head, QueueHeads } from './queue-heads.ts';
import type { QueueSubjects } from './queue-subjects.ts';
import { readable } from './readable.ts';
import { ServerTime } from './server-time.ts';

export interface QueueFollowerOptions {
  readonly api: StreamApi;
  readonly subjects: QueueSubjects;
  readonly token: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly chunkMaxBytes: number;
  /** What this client's records are known by. */
  readonly writer: string;
  readonly pace: QueuePace;
  readonly onReady: (queue: string) => void;
  readonly onState: (key: string) => void;
  /** Told of each of this client's own records, once it was carried out. */
  readonly onOwn: (record: QueueRecord, results: StepResult[]) => void;
  /** Asked for a record that allows this client to write down what the partition holds. Rejects where there may be none. */
  readonly onImageDue: () => Promise<unknown>;
  /** The copy was made anew from elsewhere: what had become of the client's own records may not be known any more. */
  readonly onReset: () => void;
}

/** How long it rests before it tries again to be where the log is, ms, at first and at most. */
const restMinMs = 20;
const restMaxMs = 1000;

/** The server's time is not asked sooner than so long after it was last told, ms. */
const timeRestMs = 10_000;

/** Keeps a copy of one partition where its log is. */
export class QueueFollower {
  readonly #options: QueueFollowerOptions;
  readonly #subject: string;
  readonly #heads: QueueHeads;
  readonly #time: ServerTime;
  #replica: QueueReplica | undefined;
  #consumer: LogConsumer | undefined;
  #starting: Promise<void> | undefined;
  #inbox: [Msg, Delivery][] = [];
  #isPaused = false;
  #certainFrom: Moment;
  #isVerifying = false;
  #isImageAsked = false;
  #isKeeping = false;
  readonly #cleanings = new Set<Timer>();
  /** The last head for which a cleaning was planned, by its number. */
  #planned = 0;
  #toldMs = 0;
  #isWanted = false;
  #failure: QuorateError | undefined;
  #count = 0;

  constructor(options: QueueFollowerOptions) {
    this.#options = options;
    this.#subject = options.subjects.log(options.token);
    this.#heads = new QueueHeads(options);
    this.#time = new ServerTime(options.clock);
    this.#certainFrom = momentOf(options.clock);
  }

  /** The copy; undefined before the first look. */
  get replica(): QueueReplica | undefined {
    return this.#replica;
  }

  get isWanted(): boolean {
    return this.#isWanted;
  }

  get isLive(): boolean {
    return this.#consumer !== undefined && this.#starting === undefined;
  }

  /** The partition's time, or a little before it. */
  nowMs(): number {
    return this.#time.nowMs() + (this.#replica?.aheadMs ?? 0);
  }

  /** Settles when it hears of each record that is stored from now on. @throws QuorateError `UNAVAILABLE`, `UNSUPPORTED` */
  live(): Promise<void> {
    if (this.isLive) return Promise.resolve();
    this.#starting ??= this.#start().finally(() => (this.#starting = undefined));
    return this.#starting;
  }

  /** Goes on until `stop`, also when the connection breaks. */
  keep(): void {
    this.#isWanted = true;
    if (!this.#isKeeping) void this.#keep();
  }

  /** Hears nothing any more, until it is needed again: the connection broke. What the server has lost by then is not to be cleaned. */
  pause(): void {
    for (const cleaning of this.#cleanings) cleaning.cancel();
    this.#cleanings.clear();
    this.#planned = 0;
    this.#hearNoMore();
  }

  stop(): void {
    this.#isWanted = false;
    this.pause();
  }

  async #keep(): Promise<void> {
    const { api, clock, random } = this.#options;
    this.#isKeeping = true;
    const isToBe = (): boolean => this.#isWanted && api.requests.isConnected && this.#failure === undefined;
    for (let restMs = restMinMs; isToBe() && !this.isLive; ) {
      try {
        await this.live();
      } catch {
        await sleep(clock, restMs * (0.5 + random.float()));
        restMs = Math.min(restMaxMs, 2 * restMs);
      }
    }
    this.#isKeeping = false;
  }

  async #start(): Promise<void> {
    const { api, clock, random } = this.#options;
    if (this.#failure !== undefined) throw this.#failure;
    await api.requests.ready();
    const certainFrom = momentOf(clock);
    const head = await this.#load();
    if (!this.#isWanted) throw closed();
    const replica = this.#replica as QueueReplica;
    if (head !== undefined) {
      replica.noteImage(head.imageBytes);
      // Who made it may have ended before its time had come.
      this.#cleanLater(head);
    }
    this.#certainFrom = certainFrom;
    const consumer: LogConsumer = new LogConsumer(
      `q${Buffer.from(random.bytes(9)).toString('base64url')}-${++this.#count}`,
      {
        api,
        clock,
        subject: this.#subject,
        from: replica.sequence + 1,
        onMessage: (message, delivery) => {
          if (this.#consumer === consumer) this.#take(message, delivery);
        },
        onBroken: () => {
          if (this.#consumer === consumer) this.#restart();
        },
      },
    );
    this.#consumer?.close();
    this.#inbox = [];
    this.#consumer = consumer;
    try {
      this.#time.set(await consumer.start());
      this.#toldMs = clock.monotonicMs();
    } catch (thrown) {
      consumer.close();
      if (this.#consumer === consumer) this.#consumer = undefined;
      throw thrown;
    }
    if (this.#consumer !== consumer) throw unavailable('The connection to NATS broke', false);
  }

  /** Sees to it that there is a copy which the log goes on from. */
  async #load(): Promise<Head | undefined> {
    for (let missing = 0; ; ) {
      const head = await this.#heads.load();
      const replica = this.#replica;
      if (replica !== undefined) {
        if (await this.#goesOnFrom(replica, head)) return head;
        this.#replica = undefined;
        this.#options.onReset();
      }
      const { onReady, onState, pace } = this.#options;
      const image = head && (await this.#heads.imageOf(head));
      if (head !== undefined && image === undefined) {
        // Where another has replaced it meanwhile, that one is to be read.
        if (head.sequence === missing) throw imageMissing(this.#subject);
        missing = head.sequence;
        continue;
      }
      this.#replica = new QueueReplica({ onReady, onState, pace, image });
      return head;
    }
  }

  /** Whether the copy's last record is still there, with all that came after it: a server may have lost its end. */
  async #goesOnFrom(replica: QueueReplica, head: Head | undefined): Promise<boolean> {
    if ((head?.position ?? 0) > replica.sequence) return false;
    if (replica.sequence === 0) return true;
    const stored = await this.#options.api.nextOf(this.#subject, replica.sequence);
    if (stored?.sequence !== replica.sequence) return false;
    return replica.isLast(readable(this.#subject, () => decodeRecord(stored.bytes)));
  }

  #hearNoMore(): void {
    this.#consumer?.close();
    this.#consumer = undefined;
    this.#inbox = [];
  }

  #restart(): void {
    this.#hearNoMore();
    if (this.#isWanted) this.keep();
  }

  /** For how long it has not seen that no image goes further than its copy, ms, by the clock that says more. */
  #uncertainForMs(): number {
    const { monotonicMs, wallMs } = momentOf(this.#options.clock);
    return Math.max(monotonicMs - this.#certainFrom.monotonicMs, wallMs - this.#certainFrom.wallMs);
  }

  #take(message: Msg, delivery: Delivery): void {
    if (this.#failure !== undefined) return;
    if (this.#isPaused) {
      this.#inbox.push([message, delivery]);
      return;
    }
    const uncertainForMs = this.#uncertainForMs();
    const { certainMs } = this.#options.pace;
    if (uncertainForMs > certainMs) {
      this.#inbox.push([message, delivery]);
      void this.#pausedFor(() => this.#verify());
      return;
    }
    if (uncertainForMs > certainMs / 2 && !this.#isVerifying) void this.#verify();
    this.#apply(message, delivery);
  }

  /** Sees whether everything that was read had nothing missing. */
  async #verify(): Promise<void> {
    const consumer = this.#consumer;
    const { clock, pace } = this.#options;
    this.#isVerifying = true;
    const from = momentOf(clock);
    try {
      const head = await this.#heads.load();
      const isCertain = (head?.position ?? 0) <= (this.#replica?.sequence ?? 0);
      if (isCertain) this.#certainFrom = from;
      else if (this.#uncertainForMs() > pace.certainMs && this.#consumer === consumer) this.#restart();
    } catch {
      if (this.#consumer === consumer) this.#restart();
    } finally {
      this.#isVerifying = false;
    }
  }

  /** What comes meanwhile is carried out afterwards. */
  async #pausedFor(work: () => Promise<void>): Promise<void> {
    this.#isPaused = true;
    try {
      await work();
    } finally {
      this.#isPaused = false;
      const inbox = this.#inbox;
      this.#inbox = [];
      // As soon as one pauses again the others go back.
      for (const [message, delivery] of inbox) this.#take(message, delivery);
    }
  }

  #apply(message: Msg, { sequence, stampMs }: Delivery): void {
    const { writer, onOwn, onImageDue } = this.#options;
    const replica = this.#replica as QueueReplica;
    if (sequence <= replica.sequence) return;
    const record = this.#decode(message.data);
    if (record === undefined) return;
    if (!this.#time.sample(stampMs)) this.#askTime();
    const results = replica.apply(record, { sequence, stampMs, byteCount: message.data.length });
    if (record.writer !== writer) return;
    const asked = this.#isImageAsked ? record.steps.findIndex(({ type }) => type === 'image') : -1;
    if (asked !== -1) {
      this.#isImageAsked = false;
      if (results[asked] === true) void this.#pausedFor(() => this.#writeImage(replica)).catch(() => {});
    }
    onOwn(record, results);
    if (!replica.isImageDue || this.#isImageAsked) return;
    this.#isImageAsked = true;
    onImageDue().catch(() => (this.#isImageAsked = false));
  }

  /** What is heard of late may have been stored long ago, or the server's clock was set back. */
  #askTime(): void {
    const { api, subjects, clock } = this.#options;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#toldMs < timeRestMs) return;
    this.#toldMs = nowMs;
    askTime(api, subjects).then(
      atMs => this.#time.set(atMs),
      () => {},
    );
  }

  /** A record that cannot be read ends it: whoever went on without it would come to something else than the others. */
  #decode(bytes: Uint8Array): QueueRecord | undefined {
    try {
      return readable(this.#subject, () => decodeRecord(bytes));
    } catch (thrown) {
      this.#failure = thrown as QuorateError;
      this.stop();
      this.#options.onReset();
      return undefined;
    }
  }

  /** Writes down what the partition holds, and later deletes what nobody needs then. */
  async #writeImage(replica: QueueReplica): Promise<void> {
    const { image } = replica;
    if (image === undefined) return;
    const head = await this.#heads.store(image);
    if (head === undefined) return;
    replica.noteImage(head.imageBytes);
    this.#cleanLater(head);
  }

  /** Each image has a time of its own: under load the next is there before that of this one has come. */
  #cleanLater(head: Head): void {
    if (head.sequence === this.#planned) return;
    this.#planned = head.sequence;
    const { clock, pace } = this.#options;
    const cleaning = clock.setTimer(2 * pace.certainMs, () => {
      this.#cleanings.delete(cleaning);
      this.#heads.clean(head).catch(() => {});
    });
    cleaning.unref();
    this.#cleanings.add(cleaning);
  }
}

function imageMissing(subject: string): QuorateError {
  const message = `The image that ${subject} goes on from must be whole: a part of it is missing`;
  return new QuorateError('UNSUPPORTED', message, { outcome: 'not-applied' });
}
