import {
  type Revision,
  type SessionId,
  type StoreChange,
  StorePartition,
  type StorePartitionOptions,
} from '@quorate/core';
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
  /** What the step that is under way has changed: the partition itself may keep less. */
  #changes: StoreChange[] = [];

  constructor(name: string, options: StorePartitionOptions) {
    this.name = name;
    const onChange = (change: StoreChange): void => {
      if (!this.watches.isEmpty) this.#changes.push(change);
    };
    this.partition = new StorePartition({ ...options, onChange });
  }

  /** Whether nothing is lost with it but its latest changes and its revision. */
  get isIdle(): boolean {
    return this.partition.isEmpty && this.watches.isEmpty;
  }

  /** Carries one step out and tells those whom it concerns. */
  change<Result>(step: (partition: StorePartition) => Result): Result {
    const result = step(this.partition);
    const changes = this.#changes;
    if (changes.length === 0) return result;
    this.#changes = [];
    for (const { entry, revision } of changes) {
      this.watches.forEach(entry.key, watch => watch.tell(revision));
    }
    return result;
  }

  /** Deletes a dead session's entries and forgets its operation. */
  endSession(session: SessionId): void {
    this.change(partition => partition.endSession(session));
  }
}
