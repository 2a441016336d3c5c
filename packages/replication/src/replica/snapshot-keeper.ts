import { errorCode, type LogIndex, type StateMachine, type StateSnapshot, type Term } from '@quorate/core';
import { encodeMembership } from '../raft/membership-codec.ts';
import type { ProgressStatus } from '../raft/raft-status.ts';
import { encodeSessions } from '../sessions/session-snapshot.ts';
import type { SessionTableState } from '../sessions/session-table.ts';
import type { Applier } from './applier.ts';
import { evenChunks } from './even-chunks.ts';
import { LogMeter } from './log-meter.ts';
import { journalFailed, machineFailed, replicaClosed } from './replica-error.ts';
import type { ResolvedOptions } from './replica-options.ts';

/** What the keeper asks of the replica. */
export interface SnapshotHost {
  readonly applier: Applier;
  termAt(index: LogIndex): Term | undefined;
  /** What the leader knows of the members; empty elsewhere. */
  progress(): readonly ProgressStatus[];
  /** The lowest snapshot that is on its way to a follower; `Infinity` where none is. */
  lowestTransfer(): number;
  /** Whether another snapshot is being installed, so that none is to be taken. */
  installing(): boolean;
  onTaken(index: LogIndex): void;
  onNotTaken(error: unknown): void;
  onJournalFailed(error: unknown): void;
}

/**
 * Takes snapshots by and by, and gives back the log that they stand for.
 *
 * What is kept of it: a little for whoever is a little behind; on a leader what the followers it hears of still need, so that
 * one which has just installed a snapshot finds the log behind it; and no more than a budget, or one slow follower would fill
 * the disk.
 */
export class SnapshotKeeper {
  readonly #options: ResolvedOptions;
  readonly #host: SnapshotHost;
  readonly #meter = new LogMeter();
  readonly #abort = new AbortController();
  #running: Promise<LogIndex> | undefined;
  #compacting = false;
  /** What had been counted at the last snapshot, and how much the next one waits for. */
  #countedBytes = 0;
  #countedIndex: number;
  #thresholdBytes: number;

  constructor(options: ResolvedOptions, host: SnapshotHost) {
    this.#options = options;
    this.#host = host;
    this.#countedIndex = this.#stored();
    this.#thresholdBytes = options.snapshotBytes;
  }

  /** Everything up to `index` is applied, `byteCount` of log more than before. */
  applied(index: LogIndex, byteCount: number): void {
    this.#meter.add(index, byteCount);
    const { snapshotEntries } = this.#options;
    const isDue =
      this.#meter.total - this.#countedBytes >= this.#thresholdBytes ||
      index - this.#countedIndex >= snapshotEntries;
    if (!isDue || this.#running !== undefined || this.#host.installing()) return;
    // Counted from here, whatever becomes of it: one that fails is tried again after as much more.
    this.#countedBytes = this.#meter.total;
    this.#countedIndex = index;
    this.take().catch(() => {});
  }

  /** Another replica's snapshot stands for the log up to `index`. */
  installed(index: LogIndex): void {
    this.#countedBytes = this.#meter.total;
    this.#countedIndex = index;
  }

  /** Takes a snapshot of what is applied, and gives room back. */
  take(): Promise<LogIndex> {
    this.#running ??= this.#take()
      .catch(error => {
        if (!this.#abort.signal.aborted) this.#host.onNotTaken(error);
        throw error;
      })
      .finally(() => (this.#running = undefined));
    return this.#running;
  }

  /** Gives back what of the log nobody needs. */
  async compact(): Promise<void> {
    const { journal, group } = this.#options;
    const upTo = this.#needless();
    if (this.#compacting || this.#abort.signal.aborted || upTo < journal.recover(group).first) return;
    this.#compacting = true;
    try {
      await journal.compact(group, upTo);
      this.#meter.forgetBefore(upTo);
    } catch (error) {
      this.#judge(error);
    }
    this.#compacting = false;
  }

  async end(): Promise<void> {
    this.#abort.abort();
    await this.#running?.catch(() => {});
  }

  async #take(): Promise<LogIndex> {
    const { machine } = this.#options;
    const { index } = this.#host.applier;
    // After a restart the state machine may have more than was applied again: sessions and membership are of another index.
    const isAhead = machine.appliedIndex > index;
    if (index <= this.#stored() || isAhead || this.#host.installing()) return this.#stored();
    const term = this.#host.termAt(index);
    if (term === undefined) return this.#stored();
    const byteCount = await this.#save(index, term);
    if (this.#stored() > index) return this.#stored();
    this.#thresholdBytes = Math.max(this.#options.snapshotBytes, byteCount);
    this.#host.onTaken(index);
    await this.compact();
    return index;
  }

  /** @returns how long it is */
  async #save(index: LogIndex, term: Term): Promise<number> {
    const { id, journal, group, machine } = this.#options;
    const { applier } = this.#host;
    // From here to the freezing of the state nothing may be applied, so nothing is awaited.
    const membership = encodeMembership(applier.membership);
    const sessions = applier.sessions.freeze();
    await using state = frozen(machine);
    const counted = { bytes: 0 };
    try {
      const chunks = evenChunks(snapshotChunks(sessions, state, counted));
      await journal.saveSnapshot(group, { index, term, membership }, chunks, { signal: this.#abort.signal });
    } catch (error) {
      // A journal takes one after the other: where another replica's came first, this one has nothing to stand for.
      if (this.#stored() > index) return counted.bytes;
      this.#judge(error);
      throw this.#abort.signal.aborted ? replicaClosed(id, 'unknown') : error;
    }
    return counted.bytes;
  }

  #needless(): LogIndex {
    const { trailingBytes, catchUpBytes } = this.#options;
    const stored = this.#stored();
    const upTo = Math.min(stored, this.#meter.indexBefore(trailingBytes));
    let needed = this.#host.lowestTransfer();
    for (const { match, recentlyActive } of this.#host.progress()) {
      if (recentlyActive && match < needed) needed = match;
    }
    return Math.max(
      Math.min(upTo, needed),
      Math.min(upTo, this.#meter.indexBefore(catchUpBytes)),
    ) as LogIndex;
  }

  #stored(): LogIndex {
    const { journal, group } = this.#options;
    return journal.recover(group).snapshot?.index ?? (0 as LogIndex);
  }

  #judge(error: unknown): void {
    // Giving up, a full disk and a state machine's fault leave the log as it was.
    if (errorCode(error) === 'JOURNAL_FAILED') this.#host.onJournalFailed(journalFailed(error));
  }
}

function frozen(machine: StateMachine): StateSnapshot {
  try {
    return machine.snapshot();
  } catch (error) {
    throw machineFailed('take a snapshot', error);
  }
}

async function* snapshotChunks(
  sessions: SessionTableState,
  state: StateSnapshot,
  counted: { bytes: number },
): AsyncGenerator<Uint8Array> {
  for (const chunk of encodeSessions(sessions)) {
    counted.bytes += chunk.length;
    yield chunk;
  }
  for await (const chunk of state.chunks()) {
    counted.bytes += chunk.length;
    yield chunk;
  }
}
