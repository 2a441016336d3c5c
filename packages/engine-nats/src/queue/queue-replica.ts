import {
  type LeasedMessage,
  type PutResult,
  QueuePartition,
  type RemoveResult,
  type SettleResult,
  type StateResult,
} from '@quorate/core';
import type { ReplicaImage } from './image-codec.ts';
import type { QueuePace } from './queue-pace.ts';
import type { QueueRecord } from './queue-record.ts';
import type { QueueStep } from './queue-step.ts';

/** What one step comes to. */
export type StepResult =
  | PutResult
  | readonly LeasedMessage[]
  | SettleResult
  | StateResult
  | RemoveResult
  | number
  | boolean;

export interface QueueReplicaOptions {
  readonly onReady: (queue: string) => void;
  readonly onState: (key: string) => void;
  readonly pace: QueuePace;
  readonly image?: ReplicaImage | undefined;
}

/** Where a record stands, and when it was stored by the server's clock. */
export interface Stored {
  readonly sequence: number;
  readonly stampMs: number;
  readonly byteCount: number;
}

/** What a record costs who reads it, beside its bytes and in bytes. */
const recordBytes = 512;

/** Numbers that a partition gives in a ms on average, at most: tokens are larger than before also where the stream was lost. */
const numbersPerMs = 1024;

/**
 * A partition as its log says that it is. Whoever carries out the same records comes to the same: what a step comes to is decided by
 * its place in the log and the server's time there, and by nothing else.
 */
export class QueueReplica {
  readonly #options: QueueReplicaOptions;
  #partition: QueuePartition | undefined;
  #sequence = 0;
  #stampMs = 0;
  #nowMs = 0;
  #writer = '';
  #number = 0;
  #byteCount = 0;
  #imageBytes = 0;

  constructor(options: QueueReplicaOptions) {
    this.#options = options;
    const { image } = options;
    if (image === undefined) return;
    this.#partition = new QueuePartition({ ...this.#partitionOptions, image: image.partition });
    [this.#sequence, this.#stampMs, this.#nowMs] = [image.sequence, image.stampMs, image.partition.nowMs];
    [this.#writer, this.#number] = [image.writer, image.number];
  }

  /** The last record's number in the stream; 0 before the first. */
  get sequence(): number {
    return this.#sequence;
  }

  /** The partition's time. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** How far the partition's time is ahead of the server's, because that was set back. */
  get aheadMs(): number {
    return this.#nowMs - this.#stampMs;
  }

  /** Whether a record is the last that was carried out. */
  isLast({ writer, number }: Pick<QueueRecord, 'writer' | 'number'>): boolean {
    return writer === this.#writer && number === this.#number;
  }

  /** What it holds; undefined before the first record. */
  get partition(): QueuePartition | undefined {
    return this.#partition;
  }

  /** Whether so much was done since somebody wrote down what it held that it is time to do so again. */
  get isImageDue(): boolean {
    return this.#byteCount >= Math.max(this.#options.pace.bytesMin, 2 * this.#imageBytes);
  }

  /** What it holds, to be read before the next record; undefined before the first. */
  get image(): ReplicaImage | undefined {
    if (this.#partition === undefined) return undefined;
    const [sequence, stampMs] = [this.#sequence, this.#stampMs];
    const [writer, number] = [this.#writer, this.#number];
    return { partition: this.#partition.image, stampMs, sequence, writer, number };
  }

  /** How large what was last written down is, by which the next time is chosen. */
  noteImage(byteCount: number): void {
    this.#imageBytes = byteCount;
  }

  /** Carries out a record. @returns what its steps come to */
  apply(record: QueueRecord, { sequence, stampMs, byteCount }: Stored): StepResult[] {
    // Where the server's clock was set back time goes on from where it was.
    const passedMs = Math.max(0, stampMs - this.#stampMs);
    this.#nowMs += passedMs;
    [this.#stampMs, this.#sequence] = [stampMs, sequence];
    [this.#writer, this.#number] = [record.writer, record.number];
    this.#byteCount += byteCount + recordBytes;
    const revision = this.#nowMs * numbersPerMs;
    const partition = (this.#partition ??= new QueuePartition({ ...this.#partitionOptions, revision }));
    partition.advance(this.#nowMs);
    return record.steps.map(step => this.#step(partition, step));
  }

  get #partitionOptions(): {
    onReady: (queue: string) => void;
    onState: (key: string) => void;
    idPrefix: string;
  } {
    const { onReady, onState } = this.#options;
    return { onReady, onState, idPrefix: '~' };
  }

  #step(partition: QueuePartition, step: QueueStep): StepResult {
    const nowMs = this.#nowMs;
    switch (step.type) {
      case 'put':
        return partition.put(step.put, nowMs);
      case 'lease':
        return partition.lease(step.queue, step.query, nowMs);
      case 'extend':
        return partition.extend(step.lease, step.leaseMs, step.started, nowMs);
      case 'settle':
        return partition.settle(step.settlement, nowMs);
      case 'write':
        return partition.writeState(step.write, nowMs);
      case 'abandon':
        return partition.abandon(step.queue, step.owner, nowMs);
      case 'remove':
        return { outcome: 'applied', removed: partition.remove(step.queue, step.id, nowMs) };
      case 'purge':
        return partition.purge(step.queue);
      case 'image':
        return this.#begin();
      default:
        throw new TypeError(`Step must be one that is known: received ${String(step satisfies never)}`);
    }
  }

  /** Whether it is time for an image: the first who asks for it makes it. */
  #begin(): boolean {
    const isDue = this.isImageDue;
    this.#byteCount = 0;
    return isDue;
  }
}
