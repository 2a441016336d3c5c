import { type GroupId, JournalGroup, type JournalOperation, operationBytes } from '@quorate/core';
import type { Dice } from '../device.ts';

/** What outlives a node's crashes: what its journal holds durably, and what a crash may still add. */
export class SimJournalState {
  /** May be changed at any time. */
  capacityBytes: number = Number.POSITIVE_INFINITY;
  /** While true no entry and no snapshot finds room, whatever the capacity. */
  full = false;
  readonly groups: Map<GroupId, JournalGroup> = new Map();
  /** Accepted and not known to be durable, in the order of the calls. */
  readonly pending: JournalOperation[] = [];

  /** Whether there may be no room for something. */
  get isBounded(): boolean {
    return this.full || this.capacityBytes !== Number.POSITIVE_INFINITY;
  }

  /** The group, which begins empty. */
  group(id: GroupId): JournalGroup {
    let group = this.groups.get(id);
    if (group === undefined) {
      group = new JournalGroup();
      this.groups.set(id, group);
    }
    return group;
  }

  /** Whether the operation finds room beside what is held and `waitingBytes` more. */
  hasRoom(operation: JournalOperation, waitingBytes: number): boolean {
    const bytes = operationBytes(operation);
    if (bytes === 0) return true;
    if (this.full) return false;
    if (this.capacityBytes === Number.POSITIVE_INFINITY) return true;
    let held = 0;
    for (const group of this.groups.values()) held += group.bytes;
    return held + waitingBytes + bytes <= this.capacityBytes;
  }

  /** The first `count` operations have become durable. */
  settle(count: number): void {
    for (const operation of this.pending.splice(0, count)) this.group(operation.group).apply(operation);
  }

  /** The power fails: of what was not durable yet the first few survive; by the harmless answer all do. */
  crash(dice: Dice): void {
    const { length } = this.pending;
    if (length > 0) this.settle(length - dice.between('journal.crash-loses', 0, length));
    this.pending.length = 0;
  }
}
