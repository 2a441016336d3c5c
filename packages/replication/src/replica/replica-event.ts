import type { LogIndex, NodeId, QuorateError, Term } from '@quorate/core';
import type { Membership } from '../raft/membership.ts';
import type { RaftRole } from '../raft/raft-status.ts';

/** Entries that were acknowledged before they were committed. Both ends included. */
export interface EarlyRange {
  readonly from: LogIndex;
  readonly to: LogIndex;
  /** In which this replica led when it acknowledged them. */
  readonly term: Term;
  /** How many of them were acknowledged so. */
  readonly count: number;
  /**
   * False where nobody can tell exactly: this replica started anew meanwhile, had them on disk, and may have ended just before
   * it acknowledged the last; or a snapshot of another leader stands for their place, which may contain them.
   */
  readonly exact: boolean;
}

/** What a replica tells whoever subscribed. */
export type ReplicaEvent =
  /** The role, the term or the known leader changed. */
  | {
      readonly type: 'role';
      readonly role: RaftRole;
      readonly term: Term;
      readonly leader: NodeId | undefined;
    }
  /** A change of membership was applied here. */
  | { readonly type: 'membership'; readonly membership: Membership; readonly index: LogIndex }
  /** Writes that this replica had acknowledged as leader, at `leader` or `semiSync`, are lost: others are committed in their place. */
  | ({ readonly type: 'lost' } & EarlyRange)
  /** A snapshot was saved here: `taken` of the own state, `installed` from the leader. */
  | { readonly type: 'snapshot'; readonly how: 'taken' | 'installed'; readonly index: LogIndex }
  /** No snapshot could be taken of the own state, so the log behind it is kept: it is tried again after as much more. */
  | { readonly type: 'snapshot-failed'; readonly error: unknown }
  /** The disk is full, or has room again. */
  | { readonly type: 'storage'; readonly state: 'full' | 'room' }
  /** A sync or a turn of the event loop took longer than the election timeout; a leader has stepped down. */
  | { readonly type: 'stalled'; readonly what: 'disk' | 'event-loop'; readonly forMs: number }
  /** The replica has ended. Everything from now on is refused with this error. */
  | { readonly type: 'failed'; readonly error: QuorateError };

export type ReplicaEventListener = (event: ReplicaEvent) => void;

/** Hands each event to every listener. One that throws keeps none of the others from hearing. */
export class ReplicaEvents {
  #listeners: readonly ReplicaEventListener[] = [];

  subscribe(listener: ReplicaEventListener): Disposable {
    // A function of its own, so that one listener subscribed twice is two subscriptions.
    const own: ReplicaEventListener = event => listener(event);
    this.#listeners = [...this.#listeners, own];
    return {
      [Symbol.dispose]: () => {
        this.#listeners = this.#listeners.filter(other => other !== own);
      },
    };
  }

  emit(event: ReplicaEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (thrown) {
        queueMicrotask(() => {
          throw thrown;
        });
      }
    }
  }
}
