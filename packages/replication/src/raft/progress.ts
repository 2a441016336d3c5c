import { invariant, type LogIndex, type NodeId } from '@quorate/core';
import { InflightWindow } from './inflight-window.ts';
import type { ProgressState, ProgressStatus } from './raft-status.ts';

/** The limits of the window towards one follower. */
export interface WindowLimits {
  readonly inflightMax: number;
  readonly inflightBytesMax: number;
}

/**
 * How urgent the next append to a follower is: none; if there are entries; if there are entries or a commit index that is
 * news; in any case, because the follower is being probed.
 */
export type AppendDue = 0 | 1 | 2 | 3;

/**
 * What the leader knows of one member, itself included (etcd `tracker.Progress`). Everything up to `match` is durable there;
 * `next - 1` is the last entry that has been sent. `match < next` always.
 */
export class Progress {
  readonly id: NodeId;
  match = 0;
  next: number;
  state: ProgressState = 'probe';
  /** Receives the log without a say. This and the next two are set by {@link Peers}. */
  learner = false;
  /** In the incoming and in the outgoing majority. */
  incoming = false;
  outgoing = false;
  recentlyActive = false;
  /** The tick at which it was last heard of. */
  heardAt = 0;
  /** It is far behind, and not sent the log's end yet. */
  lagging = false;
  /** Nothing more is sent until the host gives it a turn, or it is needed. */
  waitsForTurn = false;
  /** The host has given it a turn, for one append. */
  hasTurn = false;
  /** What it was sent in its turns since the last was asked for. */
  turnCount = 0;
  turnBytes = 0;
  /** Nothing more is sent until the follower answers: a probe is under way, or the window is full. */
  flowPaused = false;
  /** Entries for it are being read from disk, from this one on; 0 when none are. */
  fetchFrom = 0;
  pendingSnapshot = 0;
  /** The highest commit index under way to it. */
  sentCommit = 0;
  /** The tick at which it was last asked about what may have been lost on the way to it. */
  askedAt = 0;
  /** The highest round of heartbeats that it answered in this term. */
  ackedRound = 0;
  /** The first round that told it of the commit by which this leader goes; 0 before one did. */
  toldRound = 0;
  vote: 'none' | 'granted' | 'rejected' = 'none';
  due: AppendDue = 0;
  readonly #inflight: InflightWindow;

  constructor(id: NodeId, next: number, limits: WindowLimits) {
    this.id = id;
    this.next = next;
    this.#inflight = new InflightWindow(limits.inflightMax, limits.inflightBytesMax);
  }

  get windowFull(): boolean {
    return this.#inflight.full;
  }

  get inflightBytes(): number {
    return this.#inflight.bytes;
  }

  /** Whether it knows of the commit by which this leader goes. */
  get knowsOfLeaving(): boolean {
    return this.toldRound > 0 && this.ackedRound >= this.toldRound;
  }

  get paused(): boolean {
    return this.state === 'snapshot' || this.flowPaused || this.waitsForTurn || this.fetchFrom > 0;
  }

  /** Forgets everything at a new term. `next` is the entry after the log's last. */
  reset(match: number, next: number): void {
    this.match = match;
    this.next = next;
    this.recentlyActive = false;
    this.heardAt = 0;
    this.sentCommit = 0;
    this.ackedRound = 0;
    this.toldRound = 0;
    this.due = 0;
    this.#enter('probe');
  }

  becomeProbe(): void {
    // A snapshot that was on its way is taken to have arrived: the probe will tell.
    const after = this.state === 'snapshot' ? Math.max(this.match, this.pendingSnapshot) : this.match;
    this.#enter('probe');
    this.next = after + 1;
    this.sentCommit = Math.min(this.sentCommit, this.next - 1);
  }

  becomeReplicate(): void {
    this.#enter('replicate');
    this.next = this.match + 1;
  }

  becomeSnapshot(index: number): void {
    this.#enter('snapshot');
    this.pendingSnapshot = index;
    this.next = index + 1;
    this.sentCommit = index;
  }

  /** Notes an append of `count` entries that left. */
  sent(count: number, bytes: number, commit: number): void {
    invariant(this.state !== 'snapshot', 'no append leaves while a snapshot is under way');
    if (this.state === 'replicate') {
      if (count > 0) {
        this.next += count;
        this.#inflight.add(this.next - 1, bytes);
      }
      // An append that fills the window is a probe: the follower's answer opens it again.
      this.flowPaused = this.#inflight.full;
    } else if (count > 0) {
      this.flowPaused = true;
    }
    this.sentCommit = commit;
  }

  /** Whether the commit index would be news: it was not sent yet, and the follower could use it. */
  canBumpCommit(committed: number): boolean {
    return committed > this.sentCommit && this.sentCommit < this.next - 1;
  }

  /** Takes an acknowledgement. Returns whether it was news. */
  acknowledge(index: number): boolean {
    if (index <= this.match) return false;
    this.match = index;
    if (this.next <= index) this.next = index + 1;
    this.flowPaused = false;
    return true;
  }

  /** Frees the window of appends up to `index`. */
  freeTo(index: number): void {
    this.#inflight.freeTo(index);
  }

  /**
   * Takes a rejection of an append after `rejected`, where the logs can match up to `hint` at best. Returns whether it was
   * news; a rejection that was overtaken is not.
   */
  stepBack(rejected: number, hint: number): boolean {
    if (this.state === 'replicate') {
      if (rejected <= this.match) return false;
      this.next = this.match + 1;
    } else {
      if (this.next - 1 !== rejected) return false;
      this.next = Math.max(Math.min(rejected, hint + 1), this.match + 1);
      this.flowPaused = false;
    }
    // What the appends carried most likely was not taken in.
    this.sentCommit = Math.min(this.sentCommit, this.next - 1);
    return true;
  }

  status(): ProgressStatus {
    return {
      id: this.id,
      state: this.state,
      match: this.match as LogIndex,
      next: this.next as LogIndex,
      learner: this.learner,
      paused: this.paused,
      recentlyActive: this.recentlyActive,
      inflight: this.#inflight.count,
      inflightBytes: this.#inflight.bytes,
      inflightFull: this.#inflight.full,
      pendingSnapshot: this.pendingSnapshot as LogIndex,
    };
  }

  #enter(state: ProgressState): void {
    this.state = state;
    this.flowPaused = false;
    this.fetchFrom = 0;
    this.pendingSnapshot = 0;
    this.lagging = this.waitsForTurn = this.hasTurn = false;
    this.turnCount = this.turnBytes = 0;
    this.#inflight.clear();
  }
}
