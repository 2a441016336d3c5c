import type { Disk, LinkedSignal, SnapshotMetadata } from '@quorate/core';
import { membershipBytesMax } from './format/snapshot-format.ts';
import type { GroupState } from './group-state.ts';
import { closed, failed } from './journal-error.ts';
import { isSupersededBy } from './recover-snapshots.ts';
import { type SnapshotFile, writeSnapshot } from './snapshot-file.ts';
import { untilAborted } from './until-aborted.ts';
import type { Writer } from './writer.ts';

/** One call of {@link Snapshots.save}. */
interface Save {
  readonly group: GroupState;
  readonly metadata: SnapshotMetadata;
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Aborts when the caller gives up, and when the journal is closed. */
  readonly end: AbortController;
}

/** Stores the snapshots of all groups, one at a time for each group. */
export class Snapshots {
  readonly #disk: Disk;
  readonly #writer: Writer;
  readonly #turns = new Map<GroupState, Promise<void>>();
  readonly #saves = new Set<Save>();
  /** The last serial of each group: never used twice, so that nobody reads another snapshot than the one that was opened. */
  readonly #serials = new Map<GroupState, number>();
  /** Groups whose new snapshot is being removed again. */
  readonly #takenBack = new Set<GroupState>();
  #closed = false;

  constructor(disk: Disk, writer: Writer) {
    this.#disk = disk;
    this.#writer = writer;
  }

  /**
   * Resolves when the snapshot is durable and the group's log goes on from it. Rejects as soon as the wait is over; what was
   * begun is then cleared away, or brought to its end, before the group's next snapshot has its turn.
   */
  async save(
    group: GroupState,
    metadata: SnapshotMetadata,
    chunks: AsyncIterable<Uint8Array>,
    wait: LinkedSignal,
  ): Promise<void> {
    wait.throwIfAborted();
    this.#throwIfOver();
    checkMetadata(group, metadata);
    const { index, term } = metadata;
    const own = { index, term, membership: new Uint8Array(metadata.membership) };
    const end = new AbortController();
    const call: Save = { group, metadata: own, chunks, end };
    const onAbort = (): void => end.abort(wait.signal.reason);
    wait.signal.addEventListener('abort', onAbort, { once: true });
    const before = this.#turns.get(group) ?? Promise.resolve();
    const saved = before.then(() => this.#save(call, wait));
    this.#saves.add(call);
    const turn = saved
      .catch(() => undefined)
      .then(() => {
        wait.signal.removeEventListener('abort', onAbort);
        this.#saves.delete(call);
        if (this.#turns.get(group) === turn) this.#turns.delete(group);
      });
    this.#turns.set(group, turn);
    await untilAborted(saved, wait.signal);
  }

  /** Lets a group's log go on from the snapshot that recovery found. */
  async supersede(group: GroupState): Promise<void> {
    await this.#reset(group);
  }

  /** Whether a snapshot of the group is being removed again: what was acknowledged before that is durable would be lost with it. */
  takesBack(group: GroupState): boolean {
    return this.#takenBack.has(group);
  }

  /** Ends what is being saved, and resolves when nothing of it touches the disk any more. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { end } of this.#saves) end.abort(closed());
    await Promise.all(this.#turns.values());
  }

  async #save({ group, metadata, chunks, end }: Save, wait: LinkedSignal): Promise<void> {
    const throwIfEnded = (): void => {
      end.signal.throwIfAborted();
      wait.throwIfAborted();
      this.#throwIfOver();
    };
    throwIfEnded();
    // Once more: the snapshot before may have gone further.
    checkMetadata(group, metadata);
    const serial = Math.max(this.#serials.get(group) ?? 0, group.snapshot?.serial ?? 0) + 1;
    this.#serials.set(group, serial);
    const snapshot = await writeSnapshot(this.#disk, {
      group: group.id,
      serial,
      metadata,
      chunks,
      signal: end.signal,
      throwIfEnded,
      // Which names are durable is unknown then, as after any sync that failed.
      onUnknown: error => {
        this.#writer.fail(error);
        throw failed(error, 'unknown');
      },
    });
    await this.#adopt(group, snapshot);
  }

  /** Lets the group's log go on from a snapshot whose file is durable. */
  async #adopt(group: GroupState, snapshot: SnapshotFile): Promise<void> {
    const replaced = group.snapshot;
    // At once: who is told that there is no room may compact, for which this snapshot must not stand, or write.
    const onRefused = (): void => {
      group.snapshot = replaced;
      this.#takenBack.add(group);
    };
    try {
      // Which term the group has at the snapshot's index is known once nothing is on its way that changes it.
      while (isUnsettled(group, snapshot.metadata.index)) await this.#writer.submit({ group, onRefused });
      // Nothing is awaited until the reset is queued, so what is accepted later is checked against the snapshot.
      group.snapshot = snapshot;
      await this.#reset(group, onRefused);
    } catch (error) {
      // The journal has failed: the next opening finds out what there is.
      if (this.#writer.over !== undefined) throw error;
      await this.#takeBack(group, snapshot);
      throw error;
    }
    await replaced?.replace();
  }

  async #reset(group: GroupState, onRefused?: () => void): Promise<void> {
    const metadata = group.snapshot?.metadata;
    if (metadata === undefined || !isSupersededBy(group, metadata)) return;
    const { index, term } = metadata;
    await this.#writer.submit({ group, base: { index, term }, reset: true, onRefused });
  }

  /**
   * Removes a snapshot whose reset was refused. What its group was given behind the reset was refused, too, so nothing builds
   * on it; but a file that stayed would drop, at the next start, what is acknowledged from here on.
   */
  async #takeBack(group: GroupState, snapshot: SnapshotFile): Promise<void> {
    try {
      await snapshot.takeBack();
      await this.#disk.syncNames();
    } catch (error) {
      this.#writer.fail(error);
      throw failed(error, 'unknown');
    } finally {
      this.#takenBack.delete(group);
    }
  }

  #throwIfOver(): void {
    if (this.#writer.over !== undefined) throw this.#writer.over;
    if (this.#closed) throw closed();
  }
}

/** Whether something is on its way that changes which term a group has at `index`. */
function isUnsettled(group: GroupState, index: number): boolean {
  return group.pendingDrops > 0 || (group.last < index && group.acceptedLast >= index);
}

function checkMetadata(group: GroupState, { index, term, membership }: SnapshotMetadata): void {
  if (!(membership instanceof Uint8Array)) {
    throw new TypeError(`Membership must be a Uint8Array: received ${typeof membership}`);
  }
  if (membership.length > membershipBytesMax) {
    throw new RangeError(
      `Membership must be at most ${membershipBytesMax} bytes: received ${membership.length}`,
    );
  }
  const least = Math.max(1, group.snapshot?.metadata.index ?? 0);
  if (!Number.isSafeInteger(index) || index < least || !Number.isSafeInteger(term) || term < 0) {
    throw new RangeError(
      `Snapshot of group ${group.id} must be at entry ${least} or above: received ${String(index)} of term ${String(term)}`,
    );
  }
}
