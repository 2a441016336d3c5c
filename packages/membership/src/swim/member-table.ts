import { type NodeId, type Random, invariant } from '@quorate/core';
import { Member, type MemberRecord, State } from './member.ts';

/**
 * All members that this one knows of: the living, itself among them, and for a while those that are gone, so that old news
 * do not bring them back.
 */
export class MemberTable {
  readonly self: Member;
  /** Who is remembered no more, since somebody took this away. */
  forgotten: NodeId[] = [];
  readonly #members: Map<NodeId, Member> = new Map();
  /** The living but for this one, in no order, so that one can be drawn at random. */
  readonly #others: Member[] = [];
  readonly #membersMax: number;
  #troubledCount = 0;
  #digestHigh = 0;
  #digestLow = 0;

  constructor(self: Member, membersMax: number) {
    this.self = self;
    this.#membersMax = membersMax;
    this.#members.set(self.id, self);
    this.#count(self, 1);
  }

  /** Members that are alive or suspected, this one not counted. */
  get others(): readonly Member[] {
    return this.#others;
  }

  /** How many live, this one included. */
  get liveCount(): number {
    return this.#others.length + (this.self.isLive ? 1 : 0);
  }

  /** How many are not plainly alive: suspected, dead, or gone by themselves. */
  get troubledCount(): number {
    return this.#troubledCount;
  }

  /** How many are known, the gone ones included. */
  get size(): number {
    return this.#members.size;
  }

  /** Half of a digest of who lives under which incarnation; equal digests mean that there is nothing to exchange. */
  get digestHigh(): number {
    return this.#digestHigh >>> 0;
  }

  /** The other half of {@link digestHigh}. */
  get digestLow(): number {
    return this.#digestLow >>> 0;
  }

  get(id: NodeId): Member | undefined {
    return this.#members.get(id);
  }

  all(): IterableIterator<Member> {
    return this.#members.values();
  }

  /** Adds one that was not known. Nothing where there are too many, and none of them is gone. */
  add(record: MemberRecord, nowMs: number): Member | undefined {
    if (this.#members.size >= this.#membersMax && !this.#forgetOldest()) return undefined;
    const member = new Member(record, nowMs);
    this.#members.set(member.id, member);
    this.#count(member, 1);
    if (member.isLive) this.#enlist(member);
    return member;
  }

  /** Changes what is believed of a member; `change` must not touch anything else. */
  update(member: Member, change: (member: Member) => void): void {
    const wasLive = member.isLive;
    this.#count(member, -1);
    change(member);
    this.#count(member, 1);
    if (member === this.self || wasLive === member.isLive) return;
    if (member.isLive) this.#enlist(member);
    else this.#delist(member);
  }

  /** Forgets who is gone since before `sinceMs`. */
  forgetGone(sinceMs: number): void {
    if (this.#members.size === this.liveCount) return;
    for (const member of this.#members.values()) {
      if (!member.isLive && member !== this.self && member.changedMs <= sinceMs) this.#forget(member);
    }
  }

  /** Up to `count` of the living others that pass, each at most once, all as likely. */
  sample(random: Random, count: number, passes: (member: Member) => boolean): Member[] {
    const others = this.#others;
    const chosen: Member[] = [];
    if (others.length <= count * 4) {
      const pool = others.filter(passes);
      while (chosen.length < count && pool.length > 0) {
        const at = random.below(pool.length);
        chosen.push(pool[at] as Member);
        pool[at] = pool[pool.length - 1] as Member;
        pool.pop();
      }
      return chosen;
    }
    // Many more than are wanted: drawing again after a miss ends soon, and is bounded all the same.
    for (let draw = 0; draw < count * 8 && chosen.length < count; draw++) {
      const member = others[random.below(others.length)] as Member;
      if (!chosen.includes(member) && passes(member)) chosen.push(member);
    }
    return chosen;
  }

  #enlist(member: Member): void {
    member.liveIndex = this.#others.length;
    this.#others.push(member);
  }

  #delist(member: Member): void {
    const last = this.#others.pop();
    invariant(last !== undefined && member.liveIndex >= 0, 'who was alive is among the living');
    if (last !== member) {
      this.#others[member.liveIndex] = last;
      last.liveIndex = member.liveIndex;
    }
    member.liveIndex = -1;
  }

  #forgetOldest(): boolean {
    let oldest: Member | undefined;
    for (const member of this.#members.values()) {
      if (member.isLive || member === this.self) continue;
      if (oldest === undefined || member.changedMs < oldest.changedMs) oldest = member;
    }
    if (oldest === undefined) return false;
    this.#forget(oldest);
    return true;
  }

  #forget(member: Member): void {
    this.#members.delete(member.id);
    this.forgotten.push(member.id);
    this.#count(member, -1);
  }

  /** Counts a member as what it is, or no more. */
  #count(member: Member, by: 1 | -1): void {
    this.#toggle(member);
    if (member.state !== State.alive) this.#troubledCount += by;
  }

  /** Takes a living member into the digest, or out of it: exclusive or is its own inverse. */
  #toggle(member: Member): void {
    if (member.state > State.suspect) return;
    const low = mix(member.hashLow, member.incarnation, member.life);
    this.#digestLow ^= low;
    this.#digestHigh ^= mix(member.hashHigh ^ low, member.incarnation, member.life);
  }
}

/** Spreads a member's hash, its incarnation and its life over 32 bits, finished as in MurmurHash3. */
function mix(hash: number, incarnation: number, life: number): number {
  let mixed = Math.imul(hash ^ (incarnation >>> 0), 0xcc9e_2d51);
  mixed = Math.imul((mixed ^ (mixed >>> 15)) + Math.floor(incarnation / 0x1_0000_0000), 0x1b87_3593);
  mixed = Math.imul(mixed ^ (mixed >>> 16) ^ life, 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return mixed ^ (mixed >>> 16);
}
