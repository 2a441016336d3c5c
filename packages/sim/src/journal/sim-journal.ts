import {
  boundedWait,
  checkJournalCompaction,
  checkJournalRange,
  checkJournalSnapshot,
  checkJournalWrite,
  type Clock,
  type GroupId,
  type Journal,
  type JournalCapabilities,
  type JournalWrite,
  type LogEntry,
  type LogIndex,
  ownedChunks,
  ownedLogEntry,
  type RecoveredLog,
  type SnapshotMetadata,
  type StoredSnapshot,
  type Term,
  type WaitOptions,
} from '@quorate/core';
import type { Device } from '../device.ts';
import { deviceWait, drawBetween, neverSettles } from '../device-wait.ts';
import { JournalWriter } from './journal-writer.ts';
import { SimJournalState } from './sim-journal-state.ts';

export { SimJournalState };

/** How a journal behaves. All but the clock is read anew at each call, so that whoever makes the faults may change it. */
export interface SimJournalOptions {
  /** The node's own: what its deadlines go by. */
  readonly clock: Clock;
  /** The longest payload of an entry. Default 16 MiB - 1. */
  readonly recordMaxBytes?: number;
  /** What a read takes. Default 1 to 50. */
  readonly latencyMinUs?: number;
  readonly latencyMaxUs?: number;
  /** What a sync takes. Default 100 to 2,000. */
  readonly syncMinUs?: number;
  readonly syncMaxUs?: number;
  /** How likely a sync takes up to `slowMaxUs` longer. Default 0. */
  readonly slowChance?: number;
  readonly slowMaxUs?: number;
  /** How likely a sync fails, which ends the journal until the node starts again. Default 0. */
  readonly syncFailureChance?: number;
}

/**
 * A node's journal for one start of it, by the contract of the seam alone: no files, no formats. What is durable stays in
 * `state` for the next start; {@link SimJournalState.crash} says what a crash leaves.
 */
export function openSimJournal(device: Device, state: SimJournalState, options: SimJournalOptions): Journal {
  return new SimJournal(device, state, options);
}

class SimJournal implements Journal {
  readonly capabilities: JournalCapabilities;
  readonly #device: Device;
  readonly #state: SimJournalState;
  readonly #options: SimJournalOptions;
  readonly #writer: JournalWriter;
  #closing: Promise<void> | undefined;

  constructor(device: Device, state: SimJournalState, options: SimJournalOptions) {
    this.#device = device;
    this.#state = state;
    this.#options = options;
    this.#writer = new JournalWriter(device, state, options);
    this.capabilities = { durability: 'fsync', recordMaxBytes: options.recordMaxBytes ?? 0xff_ffff };
  }

  recover(group: GroupId): RecoveredLog {
    return this.#state.group(group).recovered();
  }

  async write(write: JournalWrite): Promise<void> {
    if (!this.#device.alive) return neverSettles();
    this.#writer.checkOpen();
    const { group, truncateFrom, entries, hardState } = write;
    checkJournalWrite(write, this.#writer.accepted(group).bounds, this.capabilities.recordMaxBytes);
    return this.#writer.write({ group, truncateFrom, entries: entries?.map(ownedLogEntry), hardState });
  }

  async read(
    group: GroupId,
    from: LogIndex,
    to: LogIndex,
    options: WaitOptions & { readonly bytesMax?: number } = {},
  ): Promise<readonly LogEntry[]> {
    if (!this.#device.alive) return neverSettles();
    this.#writer.checkOpen();
    checkJournalRange(from, to, this.#state.group(group).bounds);
    const entries = this.#state.group(group).slice(from, to, options.bytesMax ?? Number.POSITIVE_INFINITY);
    return boundedWait(this.#options.clock, options, 'not-applied', async () => {
      await this.#wait();
      return entries.map(ownedLogEntry);
    });
  }

  termAt(group: GroupId, index: LogIndex): Term | undefined {
    return this.#state.group(group).termAt(index);
  }

  async saveSnapshot(
    group: GroupId,
    metadata: SnapshotMetadata,
    chunks: AsyncIterable<Uint8Array>,
    options: WaitOptions = {},
  ): Promise<void> {
    if (!this.#device.alive) return neverSettles();
    const { clock } = this.#options;
    const { signal, deadlineMs = Number.POSITIVE_INFINITY } = options;
    this.#writer.checkOpen();
    const dueMs = clock.monotonicMs() + deadlineMs;
    const copies = await boundedWait(clock, options, 'not-applied', collected =>
      ownedChunks(chunks, collected),
    );
    this.#writer.checkOpen();
    checkJournalSnapshot(metadata, this.#writer.accepted(group).bounds);
    const snapshot: StoredSnapshot = {
      metadata: { ...metadata, membership: new Uint8Array(metadata.membership) },
      chunks: copies,
    };
    const rest = { signal, deadlineMs: Math.max(0, dueMs - clock.monotonicMs()) };
    return boundedWait(clock, rest, 'unknown', () => this.#writer.write({ group, snapshot }));
  }

  openSnapshot(
    group: GroupId,
  ): { readonly metadata: SnapshotMetadata; readonly chunks: AsyncIterable<Uint8Array> } | undefined {
    const { snapshot } = this.#state.group(group);
    return snapshot === undefined
      ? undefined
      : { metadata: snapshot.metadata, chunks: this.#chunks(snapshot) };
  }

  async *#chunks(snapshot: StoredSnapshot): AsyncGenerator<Uint8Array> {
    for (const chunk of snapshot.chunks) {
      await this.#wait();
      yield new Uint8Array(chunk);
    }
  }

  async compact(group: GroupId, upTo: LogIndex): Promise<void> {
    if (!this.#device.alive) return neverSettles();
    this.#writer.checkOpen();
    checkJournalCompaction(upTo);
    const { snapshotIndex } = this.#writer.accepted(group).bounds;
    return this.#writer.write({ group, compactUpTo: Math.min(upTo, snapshotIndex) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#device.alive) return neverSettles();
    this.#closing ??= this.#writer.close();
    return this.#closing;
  }

  #wait(): Promise<void> {
    const { latencyMinUs = 1, latencyMaxUs = 50 } = this.#options;
    return deviceWait(this.#device, drawBetween(this.#device, 'journal.latency', latencyMinUs, latencyMaxUs));
  }
}
