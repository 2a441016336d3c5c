import { type Revision, type SessionId, StorePartition, type StorePartitionOptions } from '@quorate/core';
import { WatchIndex } from './watch-index.ts';

/** Whoever is told of changes under a prefix. */
export interface Watching {
  readonly prefix: string;
  /** Called within the change, which lies in the partition already. */
  tell(revision: Revision): void;
}

/** One partition with whoever watches it. */
export class MemoryCell {
  readonly name: string;
  readonly partition: StorePartition;
  readonly watches: WatchIndex<Watching> = new WatchIndex();

  constructor(name: string, options: StorePartitionOptions) {
    this.name = name;
    this.partition = new StorePartition(options);
  }

  /** Whether nothing is lost with it but its latest changes and its revision. */
  get isIdle(): boolean {
    return this.partition.isEmpty && this.watches.isEmpty;
  }

  /** Carries one step out and tells those whom it concerns. */
  change<Result>(step: (partition: StorePartition) => Result): Result {
    const { partition, watches } = this;
    const before = partition.revision;
    const result = step(partition);
    if (watches.isEmpty || partition.revision === before) return result;
    for (const { entry, revision } of partition.changesAfter('', before) ?? []) {
      watches.forEach(entry.key, watch => watch.tell(revision));
    }
    return result;
  }

  /** Deletes a dead session's entries and forgets its operation. */
  endSession(session: SessionId): void {
    this.change(partition => partition.endSession(session));
  }
}
