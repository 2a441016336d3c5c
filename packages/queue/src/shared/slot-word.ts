/*
 * A word of shared memory that says what a slot of a ring is. Its two highest bits are the state:
 *
 *   00 lap             free for the message of this lap
 *   01 lap             full: the message of this lap is published
 *   10 parity member   claimed by a producer that writes the message
 *   11 parity member   leased by a consumer that reads it
 *
 * One word is changed in one step, so there is no instruction at which a thread can die and leave it half-changed. What is
 * owned names its owner, and members of a team are never named again: a word with a dead owner can only go on to what comes
 * next. Laps have up to 30 bits, so that a word comes back only after 2^32 messages.
 *
 * The slot's second word says its lap while it is owned. A producer writes it after it has claimed, so until then it is that of
 * the lap before; the parity of the lap in the state tells which.
 */

/** Beside a lap: published. */
export const full = 0x4000_0000;

const claimedState = 0x8000_0000 | 0;
const leasedState = 0xc000_0000 | 0;
const memberMask = 0x1fff_ffff;
/** Where the parity of its lap stands, in a word that is owned. */
export const parityShift = 29;

/** The largest id of a member that a slot can name. */
export const memberMax: number = memberMask;

export function claimedBy(member: number, lap: number): number {
  return claimedState | ((lap & 1) << parityShift) | member;
}

export function leasedBy(member: number, lap: number): number {
  return leasedState | ((lap & 1) << parityShift) | member;
}

/** Claimed or leased. */
export function isOwned(word: number): boolean {
  return word < 0;
}

export function isClaimed(word: number): boolean {
  return word >>> 30 === 2;
}

export function isLeased(word: number): boolean {
  return word >>> 30 === 3;
}

/** Neither free nor owned. */
export function isFull(word: number): boolean {
  return word >>> 30 === 1;
}

/** Who claimed or leased it. */
export function ownerOf(word: number): number {
  return word & memberMask;
}

/** The lap of what is owned, by what its second word says. */
export function ownedLap(word: number, written: number, lapMask: number): number {
  return ((word >>> parityShift) & 1) === (written & 1) ? written : (written + 1) & lapMask;
}
