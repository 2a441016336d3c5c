import type { NodeId } from '@quorate/core';
import { type Member, type MemberRecord, noMeta, overrides, State, type StateCode } from './member.ts';
import { counterMax } from './message.ts';
import type { Suspicions } from './suspicions.ts';
import { type MemberChange, viewOf } from './swim-effects.ts';
import type { SwimState } from './swim-state.ts';

/**
 * What this member believes of others, and says of itself: takes what it is told, decides, tells its user, and tells it on
 * (SWIM, §4.2; Lifeguard, §IV.B).
 */
export class Beliefs {
  readonly #state: SwimState;
  readonly #suspicions: Suspicions;

  constructor(state: SwimState, suspicions: Suspicions) {
    this.#state = state;
    this.#suspicions = suspicions;
  }

  /** A member answered neither this one nor others. */
  silent(member: Member): void {
    const { nowMs, self } = this.#state;
    if (this.#state.detector(member.id)?.isAvailable(nowMs) === true) return;
    if (member.state === State.alive) this.believe(member, State.suspect, self.id);
    else if (member.state === State.suspect) this.#confirm(member, self.id);
  }

  /**
   * Takes what is said of a member, if it overrides what is believed.
   *
   * @param teller who sent it, where it is part of a whole state rather than news
   */
  merge(record: MemberRecord, teller: NodeId | undefined): void {
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
      this.believe(member, state, accuser, { isRestart, isUpdated });
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
      this.believe(member, State.suspect, record.accuser || teller || member.id);
  }

  /** What others say of this member. Whatever is not true any more is denied under a higher incarnation. */
  #mergeSelf(record: MemberRecord): void {
    const { self, health } = this.#state;
    if (record.incarnation < self.incarnation) return;
    const isOwn = record.life === self.life;
    const isTrue = record.incarnation === self.incarnation && record.state === State.alive;
    // An earlier life is outbid by who has left, too, or it would be taken for alive for as long as it answers.
    if (isOwn && (isTrue || self.state === State.left)) return;
    // Somebody took this process for dead while it lives: maybe it is this one that is slow.
    if (isOwn) health.add(1);
    this.assert(self.state, record.incarnation + 1, isOwn ? undefined : self.meta);
  }

  /** Says something of this member itself, under an incarnation that overrides what was said before. */
  assert(state: StateCode, incarnation: number, meta?: Uint8Array): void {
    const { table, self, news, nowMs } = this.#state;
    table.update(self, member => {
      member.state = state;
      member.incarnation = Math.min(incarnation, counterMax);
      if (meta === undefined) return;
      member.meta = meta.length === 0 ? noMeta : meta;
      member.metaVersion = member.incarnation;
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
  believe(member: Member, state: StateCode, accuser: NodeId, change: Belief = {}): void {
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
