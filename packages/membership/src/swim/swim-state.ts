import type { NodeId, Random } from '@quorate/core';
import type { FailureDetector } from '../failure-detector.ts';
import { LocalHealth } from './local-health.ts';
import { Member, State } from './member.ts';
import { MemberTable } from './member-table.ts';
import { NewsQueue } from './news-queue.ts';
import { ProbeOrder } from './probe-order.ts';
import type { SwimEffects, MemberChange, OutgoingMessage } from './swim-effects.ts';
import type { SwimOptions, SwimTuning } from './swim-options.ts';

/** What the parts of one member's core share. */
export class SwimState {
  readonly tuning: SwimTuning;
  readonly random: Random;
  readonly seeds: readonly NodeId[];
  readonly self: Member;
  readonly table: MemberTable;
  readonly news: NewsQueue = new NewsQueue();
  readonly order: ProbeOrder;
  readonly health: LocalHealth;
  /** The time of the input that is being handled. */
  nowMs: number;
  readonly #detectorOf: ((id: NodeId) => FailureDetector) | undefined;
  readonly #detectors: Map<NodeId, FailureDetector> = new Map();
  #messages: OutgoingMessage[] = [];
  #changes: MemberChange[] = [];
  #synced: NodeId[] = [];
  #echoed = false;
  #leaveTold = false;

  constructor(options: SwimOptions) {
    const { self, incarnation, life, meta, address, tuning, nowMs } = options;
    const details = { metaVersion: incarnation, meta, address };
    this.self = new Member({ id: self, state: State.alive, incarnation, life, details, accuser: '' }, nowMs);
    this.tuning = tuning;
    this.random = options.random;
    this.seeds = options.seeds.filter(seed => seed !== self);
    this.table = new MemberTable(this.self, tuning.membersMax);
    this.order = new ProbeOrder(options.random);
    this.health = new LocalHealth(tuning.lifeguard ? tuning.localHealthMax : 0);
    this.nowMs = nowMs;
    this.#detectorOf = options.detectorOf;
  }

  /** The detector of a member that lives, where there are any. Strangers and the gone have none. */
  detector(id: NodeId): FailureDetector | undefined {
    if (this.#detectorOf === undefined || id === this.self.id || this.table.get(id)?.isLive !== true)
      return undefined;
    let detector = this.#detectors.get(id);
    if (detector === undefined) {
      detector = this.#detectorOf(id);
      this.#detectors.set(id, detector);
    }
    return detector;
  }

  /** A message of a member came, or an answer through others: whatever it says, it lives. */
  heard(from: NodeId): void {
    this.detector(from)?.heartbeat(this.nowMs);
  }

  /** All that there are. */
  detectors(): Iterable<FailureDetector> {
    return this.#detectors.values();
  }

  forgetDetector(id: NodeId): void {
    this.#detectors.delete(id);
  }

  send(to: NodeId, bytes: Uint8Array): void {
    this.#messages.push({ to, bytes });
  }

  changed(change: MemberChange): void {
    this.#changes.push(change);
  }

  syncedWith(peer: NodeId): void {
    this.#synced.push(peer);
  }

  heardItself(): void {
    this.#echoed = true;
  }

  leaveWasTold(): void {
    this.#leaveTold = true;
  }

  /** What came of the inputs since the last call, if anything. */
  take(): SwimEffects | undefined {
    if (
      this.#messages.length === 0 &&
      this.#changes.length === 0 &&
      this.#synced.length === 0 &&
      this.table.forgotten.length === 0 &&
      !this.#echoed &&
      !this.#leaveTold
    ) {
      return undefined;
    }
    const effects: SwimEffects = {
      messages: this.#messages,
      changes: this.#changes,
      synced: this.#synced,
      echoed: this.#echoed,
      forgotten: this.table.forgotten,
      leaveTold: this.#leaveTold,
    };
    this.#messages = [];
    if (this.#changes.length > 0) this.#changes = [];
    if (this.#synced.length > 0) this.#synced = [];
    if (this.table.forgotten.length > 0) this.table.forgotten = [];
    this.#echoed = false;
    this.#leaveTold = false;
    return effects;
  }
}
