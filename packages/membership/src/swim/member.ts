import type { NodeId } from '@quorate/core';

/**
 * What is believed of a member. `suspect` still counts as living: it did not answer, and has time to say that it lives.
 * `dead` did not say so in time. `left` said good-bye.
 */
export type MemberState = 'alive' | 'suspect' | 'dead' | 'left';

/**
 * States as numbers. Of two beliefs under one incarnation the greater one wins (Das, Gupta and Motivala 2002, "SWIM", §4.2),
 * so members that have heard the same agree, in whatever order they heard it.
 */
export const State = { alive: 0, suspect: 1, dead: 2, left: 3 } as const;

/** One of {@link State}. */
export type StateCode = (typeof State)[keyof typeof State];

const names: readonly MemberState[] = ['alive', 'suspect', 'dead', 'left'];

/** The word for a number. */
export function stateName(code: StateCode): MemberState {
  return names[code] as MemberState;
}

/** What goes with a member when its details travel along. */
export interface MemberDetails {
  /** Grows with each change, over restarts too. */
  readonly metaVersion: number;
  /** The application's bytes. */
  readonly meta: Uint8Array;
  /** Where it listens, in the transport's own form; empty where nobody needs to know. */
  readonly address: string;
}

/** What one member says of another, as it travels. */
export interface MemberRecord {
  readonly id: NodeId;
  readonly state: StateCode;
  /** Only the member itself raises it, to be believed over what was said of it. */
  readonly incarnation: number;
  /** Drawn at each start, from 0 to 2^31 - 1, so that a member can tell what is said of it from what was said of the one before it. */
  readonly life: number;
  /** Always with `alive`; with others only where whole states are exchanged. */
  readonly details: MemberDetails | undefined;
  /** Who suspects it, or gave it up; empty where nobody does. */
  readonly accuser: NodeId | '';
}

/** Bytes that every member without metadata shares. */
export const noMeta: Uint8Array = new Uint8Array(0);

/** What this member believes of another one, or knows of itself. Changed in place by the table that owns it. */
export class Member {
  readonly id: NodeId;
  state: StateCode;
  incarnation: number;
  life: number;
  metaVersion: number;
  meta: Uint8Array;
  address: string;
  accuser: NodeId | '';
  /** When `state` last changed, in whole milliseconds. */
  changedMs: number;
  /** Its place among the living; -1 for others. */
  liveIndex = -1;
  /** Whether it stands in the order of probes. */
  isOrdered = false;
  /** Two halves of a hash of its id, for the digest. */
  readonly hashHigh: number;
  readonly hashLow: number;

  constructor(record: MemberRecord, nowMs: number) {
    this.id = record.id;
    this.state = record.state;
    this.incarnation = record.incarnation;
    this.life = record.life;
    this.metaVersion = record.details?.metaVersion ?? 0;
    this.meta = record.details?.meta ?? noMeta;
    this.address = record.details?.address ?? '';
    this.accuser = record.accuser;
    this.changedMs = Math.floor(nowMs);
    this.hashHigh = hashText(record.id, 0x811c_9dc5);
    this.hashLow = hashText(record.id, 0x9e37_79b9);
  }

  /** Whether it may still answer. */
  get isLive(): boolean {
    return this.state <= State.suspect;
  }
}

/** Whether a belief overrides another: by incarnation, then by {@link State}. */
export function overrides(incarnation: number, state: StateCode, known: Member): boolean {
  return incarnation > known.incarnation || (incarnation === known.incarnation && state > known.state);
}

/** FNV-1a over UTF-16 code units. */
function hashText(text: string, offset: number): number {
  let hash = offset;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x0100_0193);
  }
  return hash;
}
