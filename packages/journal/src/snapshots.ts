import type { Disk, LinkedSignal, SnapshotMetadata } from '@quorate/core';
import { membershipBytesMax } from './format/snapshot-format.ts';
import type { GroupState } from './group-state.ts';
import { isSupersededBy } from './recover-snapshots.ts';
import { writeSnapshot } from './snapshot-file.ts';
import type { Writer } from './writer.ts';

/** Stores the snapshots of all groups, one at a time for each group. */
export class Snapshots {
  readonly #disk: Disk;
  readonly #writer: Writer;
  readonly #turns = new Map<GroupState, Promise<unknown>>();

  constructor(disk: Disk, writer: Writer) {
    this.#disk = disk;
    this.#writer = writer;
  }

  /** Resolves when the snapshot is durable and the group's log goes on from it. */
  save(
    group: GroupState,
    metadata: SnapshotMetadata,
    chunks: AsyncIterable<Uint8Array>,
    wait: LinkedSignal,
  ): Promise<void> {
    const before = this.#turns.get(group) ?? Promise.resolve();
    const saved = before.then(() => this.#save(group, metadata, chunks, wait));
    const turn = saved
      .catch(() => undefined)
      .then(() => {
        if (this.#turns.get(group) === turn) this.#turns.delete(group);
      });
    this.#turns.set(group, turn);
    return saved;
  }

  async #save(
    group: GroupState,
    metadata: SnapshotMetadata,
    chunks: AsyncIterable<Uint8Array>,
    wait: LinkedSignal,
  ): Promise<void> {
    wait.throwIfAborted();
    checkMetadata(group, metadata);
    const { over } = this.#writer;
    if (over !== undefined) throw over;
    const { index, term } = metadata;
    const own = { index, term, membership: metadata.membership.slice() };
    const serial = (group.snapshot?.serial ?? 0) + 1;
    const snapshot = await writeSnapshot(this.#disk, group.id, serial, own, chunks, wait, () => {
      if (this.#writer.over !== undefined) throw this.#writer.over;
    });
    const replaced = group.snapshot;
    group.snapshot = snapshot;
    await this.supersede(group);
    await replaced?.replace();
  }

  /** Where a group's entries do not go on from its snapshot, drops them all, durably. */
  async supersede(group: GroupState): Promise<void> {
    const metadata = group.snapshot?.metadata;
    if (metadata === undefined) return;
    const { index, term } = metadata;
    // Whether an entry that is on its way has the snapshot's term is known once it is durable.
    while (group.last < index && group.acceptedLast >= index) await this.#writer.submit({ group });
    if (!isSupersededBy(group, metadata)) return;
    await this.#writer.submit({ group, base: { index, term }, reset: true });
  }
}

function checkMetadata(group: GroupState, { index, term, membership }: SnapshotMetadata): void {
  if (!(membership instanceof Uint8Array) || membership.length > membershipBytesMax) {
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
