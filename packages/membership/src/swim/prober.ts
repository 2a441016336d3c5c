import type { NodeId } from '@quorate/core';
import type { Member } from './member.ts';
import type { Speaker } from './speaker.ts';
import type { SwimState } from './swim-state.ts';

/** A probe by this member that has not been answered. */
interface Probe {
  readonly target: Member;
  readonly sequence: number;
  /** When others are asked; infinite once they were. */
  indirectDueMs: number;
  endMs: number;
  /** Who was asked to probe in its place. */
  readonly asked: NodeId[];
  /** Which of them said that they heard nothing. */
  readonly nacks: Set<NodeId>;
}

/** A probe for somebody else. */
interface Relay {
  readonly origin: NodeId;
  readonly originSequence: number;
  readonly target: NodeId;
  /** When the origin is told that there is no answer; infinite once it was. */
  nackDueMs: number;
  readonly endMs: number;
}

/** Probes for others that may be under way at once. */
const relaysMax = 1024;

/** How much of its timeout a relay waits until it says that it has heard nothing (Lifeguard, §IV.A). */
const nackShare = 0.8;

/**
 * Probes one member after the other: directly, then through others, and says who answered neither (SWIM, §3.1 and §4.1).
 *
 * Both times are multiplied by the local health. A relay that hears nothing says so, and a relay that does not even do that
 * speaks against this member rather than against the one that it probes.
 */
export class Prober {
  readonly #state: SwimState;
  readonly #speaker: Speaker;
  readonly #relays: Map<number, Relay> = new Map();
  #probe: Probe | undefined;
  #nextMs: number;
  #sequence: number;

  constructor(state: SwimState, speaker: Speaker) {
    this.#state = state;
    this.#speaker = speaker;
    this.#sequence = state.random.uint32();
    // Members that are started together do not probe together.
    this.#nextMs = state.nowMs + state.random.float() * state.tuning.probeIntervalMs;
  }

  get dueMs(): number {
    let dueMs = this.#nextMs;
    if (this.#probe !== undefined) dueMs = Math.min(dueMs, this.#probe.indirectDueMs, this.#probe.endMs);
    for (const { nackDueMs, endMs } of this.#relays.values()) dueMs = Math.min(dueMs, nackDueMs, endMs);
    return dueMs;
  }

  /** Moves what is waited for by time in which nothing could be heard. */
  postpone(byMs: number): void {
    this.#nextMs += byMs;
    if (this.#probe === undefined) return;
    this.#probe.indirectDueMs += byMs;
    this.#probe.endMs += byMs;
  }

  /** Probes for this member end; it goes on to answer. */
  stop(): void {
    this.#probe = undefined;
    this.#nextMs = Number.POSITIVE_INFINITY;
  }

  /** Does what is due. Gives the member that did not answer, if one just did not. */
  tick(): Member | undefined {
    const { nowMs } = this.#state;
    this.#tickRelays(nowMs);
    if (this.#probe !== undefined && nowMs >= this.#probe.indirectDueMs) this.#askOthers(this.#probe);
    const failed = this.#endProbe(nowMs);
    if (nowMs >= this.#nextMs) this.#begin(nowMs);
    return failed;
  }

  onPingReq(origin: NodeId, originSequence: number, target: NodeId): void {
    const { nowMs, tuning, self } = this.#state;
    if (target === self.id) {
      this.#speaker.ack(origin, originSequence);
      return;
    }
    if (this.#relays.size >= relaysMax || this.#state.table.get(target) === undefined) return;
    const sequence = this.#nextSequence();
    this.#relays.set(sequence, {
      origin,
      originSequence,
      target,
      nackDueMs: tuning.lifeguard ? nowMs + tuning.probeTimeoutMs * nackShare : Number.POSITIVE_INFINITY,
      endMs: nowMs + tuning.probeIntervalMs * (tuning.localHealthMax + 1),
    });
    this.#speaker.ping(target, sequence);
  }

  onAck(from: NodeId, sequence: number): void {
    const relay = this.#relays.get(sequence);
    if (relay?.target === from) {
      this.#relays.delete(sequence);
      this.#speaker.ack(relay.origin, relay.originSequence);
      return;
    }
    const probe = this.#probe;
    if (probe?.sequence !== sequence || (from !== probe.target.id && !probe.asked.includes(from))) return;
    this.#probe = undefined;
    this.#state.health.add(-1);
    if (from !== probe.target.id) this.#state.heard(probe.target.id);
  }

  onNack(from: NodeId, sequence: number): void {
    const probe = this.#probe;
    if (probe?.sequence === sequence && probe.asked.includes(from)) probe.nacks.add(from);
  }

  #begin(nowMs: number): void {
    const { tuning, health, order } = this.#state;
    const intervalMs = tuning.probeIntervalMs * health.multiplier;
    this.#nextMs = nowMs + intervalMs;
    const target = order.next();
    if (target === undefined) return;
    const sequence = this.#nextSequence();
    this.#probe = {
      target,
      sequence,
      indirectDueMs: nowMs + Math.min(tuning.probeTimeoutMs * health.multiplier, intervalMs),
      endMs: nowMs + intervalMs,
      asked: [],
      nacks: new Set(),
    };
    this.#speaker.ping(target.id, sequence);
  }

  #askOthers(probe: Probe): void {
    const { table, random, tuning, nowMs, health } = this.#state;
    probe.indirectDueMs = Number.POSITIVE_INFINITY;
    // However late this is, those who are asked get their time.
    const restMs = (tuning.probeIntervalMs - tuning.probeTimeoutMs) * health.multiplier;
    probe.endMs = Math.max(probe.endMs, nowMs + restMs);
    this.#nextMs = Math.max(this.#nextMs, probe.endMs);
    for (const { id } of table.sample(random, tuning.indirectProbes, member => member !== probe.target)) {
      probe.asked.push(id);
      this.#speaker.pingReq(id, probe.sequence, probe.target.id);
    }
  }

  #endProbe(nowMs: number): Member | undefined {
    const probe = this.#probe;
    if (probe === undefined || nowMs < probe.endMs) return undefined;
    this.#probe = undefined;
    // Relays that said nothing at all are as many signs that it is this member that cannot hear. Where nobody could be asked,
    // the silence of the one counts.
    this.#state.health.add(probe.asked.length > 0 ? probe.asked.length - probe.nacks.size : 1);
    return probe.target;
  }

  #tickRelays(nowMs: number): void {
    for (const [sequence, relay] of this.#relays) {
      if (nowMs >= relay.nackDueMs) {
        relay.nackDueMs = Number.POSITIVE_INFINITY;
        this.#speaker.nack(relay.origin, relay.originSequence);
      }
      if (nowMs >= relay.endMs) this.#relays.delete(sequence);
    }
  }

  #nextSequence(): number {
    this.#sequence = (this.#sequence + 1) >>> 0;
    return this.#sequence;
  }
}
