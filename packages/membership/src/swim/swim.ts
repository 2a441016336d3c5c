import type { NodeId } from '@quorate/core';
import { Exchange } from './exchange.ts';
import { type Member, type MemberRecord, noMeta, overrides, State, type StateCode } from './member.ts';
import { type Message, MessageType } from './message.ts';
import { readMessage } from './message-reader.ts';
import { Prober } from './prober.ts';
import { Speaker } from './speaker.ts';
import { Suspicions } from './suspicions.ts';
import { type MemberChange, type MemberView, type SwimEffects, viewOf } from './swim-effects.ts';
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
  readonly #exchange: Exchange;
  #gossipMs: number;
  #forgetMs: number;
  /** How many messages were none. */
  #malformedCount = 0;

  constructor(options: SwimOptions) {
    this.#state = new SwimState(options);
    this.#speaker = new Speaker(this.#state);
    this.#prober = new Prober(this.#state, this.#speaker);
    this.#suspicions = new Suspicions(this.#state);
    this.#exchange = new Exchange(this.#state, this.#speaker);
    const { gossipIntervalMs } = options.tuning;
    this.#gossipMs = options.nowMs + options.random.float() * gossipIntervalMs;
    this.#forgetMs = options.nowMs + forgetEveryMs;
    this.#state.news.add(this.#state.self);
  }

  /** When {@link tick} has something to do. */
  get dueMs(): number {
    const gossipMs = this.#hasGossip ? this.#gossipMs : Number.POSITIVE_INFINITY;
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
    return this.#state.take();
  }

  /** Does everything that is due. */
  tick(nowMs: number): void {
    this.#state.nowMs = nowMs;
    const silent = this.#prober.tick();
    if (silent !== undefined) this.#onSilence(silent);
    for (const member of this.#suspicions.takeDue()) this.#believe(member, State.dead, this.#state.self.id);
    if (nowMs >= this.#gossipMs) this.#gossip();
    this.#exchange.tick();
    if (nowMs < this.#forgetMs) return;
    this.#forgetMs = nowMs + forgetEveryMs;
    this.#state.table.forgetGone(nowMs - this.#state.tuning.deadKeptMs);
  }

  /**
   * Takes a message from a peer. Never throws, whatever the bytes.
   *
   * @returns what is wrong with the message, where it is none: whoever sent it speaks another protocol
   */
  receive(from: NodeId, bytes: Uint8Array, nowMs: number): string | undefined {
    this.#state.nowMs = nowMs;
    if (from === this.#state.self.id) return undefined;
    const message = readMessage(bytes, this.#state.tuning);
    if (typeof message === 'string') {
      this.#malformedCount++;
      return message;
    }
    this.#state.detector(from)?.heartbeat(nowMs);
    const isState = message.type === MessageType.state;
    for (const record of message.records) this.#merge(record, isState ? from : undefined);
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

  /** A connection to a member broke, or a message to it could not be sent: it is the next to be probed. */
  doubt(id: NodeId): void {
    const member = this.#state.table.get(id);
    if (member?.isLive === true && member !== this.#state.self) this.#state.order.putFirst(member);
  }

  /** How much a member's detector doubts it; nothing where there is none. */
  score(id: NodeId, nowMs: number): number | undefined {
    return this.#state.table.get(id) === undefined ? undefined : this.#state.detector(id)?.score(nowMs);
  }

  /** Replaces the metadata, which the caller has checked and owns no more. */
  setMeta(meta: Uint8Array, nowMs: number): void {
    this.#state.nowMs = nowMs;
    this.#assert(this.#state.self.state, this.#state.self.incarnation + 1, meta);
  }

  /** Says good-bye. Others are probed no more; {@link SwimEffects.leaveTold} follows. */
  leave(nowMs: number): void {
    const { self } = this.#state;
    this.#state.nowMs = nowMs;
    if (self.state === State.left) return;
    this.#prober.stop();
    this.#exchange.stop();
    this.#assert(State.left, self.incarnation);
    this.#gossipMs = nowMs;
    if (this.#state.table.others.length === 0) this.#state.leaveWasTold();
  }

  get #hasGossip(): boolean {
    return this.#state.news.size > 0 && this.#state.table.others.length > 0;
  }

  #gossip(): void {
    const { nowMs, table, random, tuning, news, self } = this.#state;
    if (!this.#hasGossip) return;
    this.#gossipMs = nowMs + tuning.gossipIntervalMs;
    for (const { id } of table.sample(random, tuning.gossipFanout, () => true)) {
      if (news.size > 0) this.#speaker.gossip(id);
    }
    if (self.state === State.left && !news.has(self.id)) this.#state.leaveWasTold();
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

  /** A member answered neither this one nor others. */
  #onSilence(member: Member): void {
    const { nowMs, self } = this.#state;
    if (this.#state.detector(member.id)?.isAvailable(nowMs) === true) return;
    if (member.state === State.alive) this.#believe(member, State.suspect, self.id);
    else if (member.state === State.suspect) this.#confirm(member, self.id);
  }

  /**
   * Takes what is said of a member, if it overrides what is believed.
   *
   * @param teller who sent it, where it is part of a whole state rather than news
   */
  #merge(record: MemberRecord, teller: NodeId | undefined): void {
    const { table, self } = this.#state;
    if (record.id === self.id) {
      this.#mergeSelf(record);
      return;
    }
    const member = table.get(record.id);
    if (member === undefined) {
      this.#meet(record, teller);
      return;
    }
    const isUpdated = this.#adoptDetails(member, record);
    let { state } = record;
    let accuser: NodeId = record.accuser || teller || member.id;
    // Two halves of a parted network know each other as dead. A death that one of them tells as part of its state is old, and the
    // member gets the chance to deny it.
    if (teller !== undefined && state === State.dead && member.isLive) {
      state = State.suspect;
      accuser = teller;
    }
    if (overrides(record.incarnation, state, member)) {
      const isRestart = record.life !== member.life;
      table.update(member, known => {
        known.incarnation = record.incarnation;
        known.life = record.life;
      });
      this.#believe(member, state, accuser, { isRestart, isUpdated });
      return;
    }
    if (
      state === State.suspect &&
      member.state === State.suspect &&
      record.incarnation === member.incarnation
    )
      this.#confirm(member, accuser);
    if (isUpdated && member.isLive) this.#tell('updated', member);
  }

  /** Takes what is said of a member that was not known. The dead are none: they would never be forgotten by everybody. */
  #meet(record: MemberRecord, teller: NodeId | undefined): void {
    if (record.state > State.suspect || record.details === undefined) return;
    const { table, order, news, nowMs } = this.#state;
    const member = table.add({ ...record, state: State.alive, accuser: '' }, nowMs);
    if (member === undefined) return;
    order.add(member);
    news.add(member);
    this.#tell('joined', member);
    if (record.state === State.suspect)
      this.#believe(member, State.suspect, record.accuser || teller || member.id);
  }

  /** What others say of this member. Whatever is not true any more is denied under a higher incarnation. */
  #mergeSelf(record: MemberRecord): void {
    const { self, health } = this.#state;
    if (record.incarnation < self.incarnation) return;
    const isOwn = record.life === self.life;
    const isTrue = record.incarnation === self.incarnation && record.state === State.alive;
    if (isOwn && (isTrue || self.state === State.left)) return;
    // Somebody took this process for dead while it lives: maybe it is this one that is slow.
    if (isOwn) health.add(1);
    this.#assert(self.state, record.incarnation + 1, isOwn ? undefined : self.meta);
  }

  /** Says something of this member itself, under an incarnation that overrides what was said before. */
  #assert(state: StateCode, incarnation: number, meta?: Uint8Array): void {
    const { table, self, news, nowMs } = this.#state;
    table.update(self, member => {
      member.state = state;
      member.incarnation = incarnation;
      if (meta === undefined) return;
      member.meta = meta.length === 0 ? noMeta : meta;
      member.metaVersion = incarnation;
    });
    self.changedMs = Math.floor(nowMs);
    news.add(self);
  }

  #adoptDetails(member: Member, { details }: MemberRecord): boolean {
    if (details === undefined || details.metaVersion <= member.metaVersion) return false;
    member.meta = details.meta;
    member.metaVersion = details.metaVersion;
    member.address = details.address;
    return true;
  }

  /** Changes what is believed of another member, tells its user, and tells it on. */
  #believe(member: Member, state: StateCode, accuser: NodeId, change: Belief = {}): void {
    const { table, order, nowMs } = this.#state;
    const before = member.state;
    table.update(member, known => {
      known.state = state;
      known.accuser = state === State.suspect || state === State.dead ? accuser : '';
    });
    member.changedMs = Math.floor(nowMs);
    this.#suspicions.end(member);
    if (state === State.suspect) this.#suspicions.begin(member, accuser);
    if (member.isLive) order.add(member);
    else this.#state.forgetDetector(member.id);
    this.#state.news.add(member);
    const type = changeType(before, state, change);
    if (type !== undefined) this.#tell(type, member);
  }

  #confirm(member: Member, accuser: NodeId): void {
    if (this.#suspicions.confirm(member, accuser)) this.#state.news.add(member, accuser);
  }

  #tell(type: MemberChange['type'], member: Member): void {
    const { accuser } = member;
    this.#state.changed({ type, member: viewOf(member), ...(accuser === '' ? {} : { accuser }) });
  }
}

/** How often the dead are looked through. */
const forgetEveryMs = 10_000;

/** What is new beside a member's state. */
interface Belief {
  readonly isRestart?: boolean;
  readonly isUpdated?: boolean;
}

/** What a user is told of a change, if anything. */
function changeType(before: StateCode, after: StateCode, change: Belief): MemberChange['type'] | undefined {
  if (after === State.dead) return before > State.suspect ? undefined : 'failed';
  if (after === State.left) return before === State.left ? undefined : 'left';
  if (before > State.suspect) return 'joined';
  if (change.isRestart === true) return 'restarted';
  if (after === State.suspect && before === State.alive) return 'suspected';
  if (after === State.alive && before === State.suspect) return 'recovered';
  return change.isUpdated === true ? 'updated' : undefined;
}
