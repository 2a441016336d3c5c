import type { NodeId } from '@quorate/core';
import { Beliefs } from './beliefs.ts';
import { Exchange } from './exchange.ts';
import { State } from './member.ts';
import { type Message, MessageType, wireVersion } from './message.ts';
import { readMessage } from './message-reader.ts';
import { Prober } from './prober.ts';
import { Speaker } from './speaker.ts';
import { Suspicions } from './suspicions.ts';
import { type MemberView, type SwimEffects, viewOf } from './swim-effects.ts';
import type { SwimOptions } from './swim-options.ts';
import { SwimState } from './swim-state.ts';

/**
 * One member's part of the protocol: SWIM (Das, Gupta and Motivala 2002) with Lifeguard (Dadgar, Phillips and Currey 2018).
 *
 * Synchronous, without clock, timers or I/O: the time is handed in with each input, and what is to be done is fetched with
 * {@link takeEffects}. Call {@link tick} at {@link dueMs}; calling it earlier does no harm. Times never go back.
 */
export class Swim {
  readonly #state: SwimState;
  readonly #speaker: Speaker;
  readonly #prober: Prober;
  readonly #suspicions: Suspicions;
  readonly #beliefs: Beliefs;
  readonly #exchange: Exchange;
  #gossipMs: number;
  #forgetMs: number;
  /** How many messages were none. */
  #malformedCount = 0;
  #isLeaveTold = false;

  constructor(options: SwimOptions) {
    this.#state = new SwimState(options);
    this.#speaker = new Speaker(this.#state);
    this.#prober = new Prober(this.#state, this.#speaker);
    this.#suspicions = new Suspicions(this.#state);
    this.#beliefs = new Beliefs(this.#state, this.#suspicions);
    this.#exchange = new Exchange(this.#state, this.#speaker);
    const { gossipIntervalMs } = options.tuning;
    this.#gossipMs = options.nowMs + options.random.float() * gossipIntervalMs;
    this.#forgetMs = options.nowMs + forgetEveryMs;
    this.#state.news.add(this.#state.self);
  }

  /** When {@link tick} has something to do. */
  get dueMs(): number {
    // News that come after a long silence are due when they come, not since the last ones were told.
    const gossipMs = this.#hasGossip ? Math.max(this.#gossipMs, this.#state.nowMs) : Number.POSITIVE_INFINITY;
    return Math.min(
      gossipMs,
      this.#forgetMs,
      this.#prober.dueMs,
      this.#suspicions.dueMs,
      this.#exchange.dueMs,
    );
  }

  /** The local health: 0 is well. */
  get healthScore(): number {
    return this.#state.health.score;
  }

  /** How many members live as far as this one knows, itself included. */
  get liveCount(): number {
    return this.#state.table.liveCount;
  }

  /** How many messages from peers were none, and were dropped. */
  get malformedCount(): number {
    return this.#malformedCount;
  }

  /** Of how many members there are news to tell. */
  get newsCount(): number {
    return this.#state.news.size;
  }

  /** Everybody that is known, the dead for a while, in no order. */
  *members(): Iterable<MemberView> {
    for (const member of this.#state.table.all()) yield viewOf(member);
  }

  /** What is known of one member. */
  member(id: NodeId): MemberView | undefined {
    const member = this.#state.table.get(id);
    return member === undefined ? undefined : viewOf(member);
  }

  /** What came of the inputs since the last call; nothing where nothing did. */
  takeEffects(): SwimEffects | undefined {
    const { self, news, table } = this.#state;
    // The last telling may go along with an answer, and those who were to be told may be gone themselves.
    const isTold = self.state === State.left && (table.others.length === 0 || !news.has(self.id));
    if (isTold && !this.#isLeaveTold) {
      this.#isLeaveTold = true;
      this.#state.leaveWasTold();
    }
    return this.#state.take();
  }

  /** Does everything that is due. */
  tick(nowMs: number): void {
    this.#state.nowMs = nowMs;
    const silent = this.#prober.tick();
    if (silent !== undefined) this.#beliefs.silent(silent);
    for (const member of this.#suspicions.takeDue())
      this.#beliefs.believe(member, State.dead, this.#state.self.id);
    if (nowMs >= this.#gossipMs) this.#gossip();
    this.#exchange.tick();
    if (nowMs < this.#forgetMs) return;
    this.#forgetMs = nowMs + forgetEveryMs;
    this.#state.table.forgetGone(nowMs - this.#state.tuning.deadKeptMs);
  }

  /**
   * Takes a message from a peer. Never throws, whatever the bytes.
   *
   * @returns what is wrong with the message, where it is none; one of another version is dropped and counted without a word
   */
  receive(from: NodeId, bytes: Uint8Array, nowMs: number): string | undefined {
    this.#state.nowMs = nowMs;
    if (from === this.#state.self.id) {
      this.#state.heardItself();
      return undefined;
    }
    const message = readMessage(bytes, this.#state.tuning);
    if (typeof message === 'string') {
      this.#malformedCount++;
      // A member of another version may be right in all else that it says over the same connection.
      return bytes[0] === wireVersion ? message : undefined;
    }
    const isState = message.type === MessageType.state;
    for (const record of message.records) this.#beliefs.merge(record, isState ? from : undefined);
    this.#state.heard(from);
    this.#answer(from, message);
    return undefined;
  }

  /**
   * This process did not run for `lateMs` that it wanted to: its event loop was blocked, or it was stopped.
   *
   * Lifeguard judges local health by what a starved member sees of others; a host that measures its own lateness knows more. In
   * that time no answer could be heard, so it counts for nobody's silence. Nothing happens where Lifeguard is off.
   */
  delayed(lateMs: number, nowMs: number): void {
    const { tuning, health } = this.#state;
    if (!tuning.lifeguard || !(lateMs >= tuning.probeTimeoutMs / 2)) return;
    this.#state.nowMs = nowMs;
    health.add(1 + Math.min(tuning.localHealthMax, Math.floor(lateMs / tuning.probeTimeoutMs)));
    this.#prober.postpone(lateMs);
    this.#suspicions.postpone(lateMs);
    for (const detector of this.#state.detectors()) detector.excuse(lateMs);
  }

  /** Tries to reach the seeds now, and again every probe interval until one answers. */
  join(nowMs: number): void {
    this.#state.nowMs = nowMs;
    this.#exchange.join();
    this.#exchange.tick();
  }

  /** Exchanges states with somebody who may be no member yet. Nothing happens where this member has left. */
  reach(id: NodeId, nowMs: number): void {
    const { self } = this.#state;
    this.#state.nowMs = nowMs;
    if (id !== self.id && self.state !== State.left) this.#speaker.sync(id);
  }

  /** A connection to a member broke, or a message to it could not be sent: it is the next to be probed. */
  doubt(id: NodeId): void {
    const member = this.#state.table.get(id);
    if (member?.isLive === true && member !== this.#state.self) this.#state.order.putFirst(member);
  }

  /** How much a member's detector doubts it; nothing where there is none. */
  score(id: NodeId, nowMs: number): number | undefined {
    return this.#state.detector(id)?.score(nowMs);
  }

  /** Says where this member listens, which was not known before. */
  setAddress(address: string, nowMs: number): void {
    const { self } = this.#state;
    if (address === self.address) return;
    this.#state.nowMs = nowMs;
    self.address = address;
    this.#beliefs.assert(self.state, self.incarnation + 1, self.meta);
  }

  /** Replaces the metadata, which the caller has checked and owns no more. */
  setMeta(meta: Uint8Array, nowMs: number): void {
    this.#state.nowMs = nowMs;
    this.#beliefs.assert(this.#state.self.state, this.#state.self.incarnation + 1, meta);
  }

  /** Says good-bye. Others are probed no more; {@link SwimEffects.leaveTold} follows. */
  leave(nowMs: number): void {
    const { self } = this.#state;
    this.#state.nowMs = nowMs;
    if (self.state === State.left) return;
    this.#prober.stop();
    this.#exchange.stop();
    this.#beliefs.assert(State.left, self.incarnation);
    this.#gossipMs = nowMs;
  }

  get #hasGossip(): boolean {
    return this.#state.news.size > 0 && this.#state.table.others.length > 0;
  }

  #gossip(): void {
    const { nowMs, table, random, tuning, news } = this.#state;
    if (!this.#hasGossip) return;
    this.#gossipMs = nowMs + tuning.gossipIntervalMs;
    for (const { id } of table.sample(random, tuning.gossipFanout, () => true)) {
      if (news.size > 0) this.#speaker.gossip(id);
    }
  }

  #answer(from: NodeId, message: Message): void {
    const { sequence } = message;
    if (message.type === MessageType.ping) this.#speaker.ack(from, sequence);
    else if (message.type === MessageType.ack) this.#prober.onAck(from, sequence);
    else if (message.type === MessageType.nack) this.#prober.onNack(from, sequence);
    else if (message.type === MessageType.pingReq)
      this.#prober.onPingReq(from, sequence, message.target as NodeId);
    else if (message.type === MessageType.sync) this.#exchange.onSync(from, message);
    else if (message.type === MessageType.same) this.#exchange.onSame(from);
    else if (message.type === MessageType.state) this.#exchange.onState(from, message);
  }
}

/** How often the dead are looked through. */
const forgetEveryMs = 10_000;
