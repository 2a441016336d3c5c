import type { NodeId } from '@quorate/core';
import type { Member } from './member.ts';
import { Suspicion } from './suspicion.ts';
import type { SwimState } from './swim-state.ts';

/** The suspicions of this member, each with its end. */
export class Suspicions {
  readonly #state: SwimState;
  readonly #open: Map<Member, Suspicion> = new Map();
  /** The first end; nothing where it has to be looked for. */
  #dueMs: number | undefined;

  constructor(state: SwimState) {
    this.#state = state;
  }

  get dueMs(): number {
    if (this.#dueMs !== undefined) return this.#dueMs;
    let dueMs = Number.POSITIVE_INFINITY;
    for (const suspicion of this.#open.values()) dueMs = Math.min(dueMs, suspicion.dueMs);
    this.#dueMs = dueMs;
    return dueMs;
  }

  begin(member: Member, accuser: NodeId): void {
    const { nowMs } = this.#state;
    this.#open.set(member, new Suspicion(member.incarnation, accuser, this.#times(), nowMs));
    this.#dueMs = undefined;
  }

  end(member: Member): void {
    if (this.#open.delete(member)) this.#dueMs = undefined;
  }

  /** Somebody else doubts a member that is suspected. Says whether that is to be told on. */
  confirm(member: Member, accuser: NodeId): boolean {
    if (this.#open.get(member)?.confirm(accuser) !== true) return false;
    this.#dueMs = undefined;
    return true;
  }

  postpone(byMs: number): void {
    for (const suspicion of this.#open.values()) suspicion.postpone(byMs);
    this.#dueMs = undefined;
  }

  /** Those whose time is over, taken out. */
  takeDue(): readonly Member[] {
    const { nowMs } = this.#state;
    if (nowMs < this.dueMs) return [];
    const due = [...this.#open].filter(([, suspicion]) => nowMs >= suspicion.dueMs).map(([member]) => member);
    for (const member of due) this.end(member);
    return due;
  }

  /** `Min = α · max(1, log10 n) · interval`, `Max = β · Min` (Lifeguard, §IV.B); without Lifeguard the shortest, always. */
  #times(): { minMs: number; maxMs: number; confirmations: number } {
    const { tuning, table } = this.#state;
    const scale = Math.max(1, Math.log10(Math.max(1, table.liveCount)));
    const minMs = tuning.suspicionFactor * scale * tuning.probeIntervalMs;
    // Who is suspected and this member itself confirm nothing.
    const confirmations = Math.min(tuning.suspicionConfirmations, table.liveCount - 2);
    return {
      minMs,
      maxMs: minMs * tuning.suspicionMaxFactor,
      confirmations: tuning.lifeguard ? confirmations : 0,
    };
  }
}
