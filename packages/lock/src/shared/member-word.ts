/*
 * A word of shared memory that says whose something is:
 *
 *   0                free
 *   id               held by that member of the team (ids are below 2^30)
 *   id | reserved    free, but only that member may take it: handed on to a waiter that is still asleep
 *   reserved         broken for ever: an owner died, and whoever came next did not declare it consistent
 *
 * One word is changed in one step, so there is no instruction at which a thread can die and leave it half-changed.
 */

/** Nobody has it. */
export const free = 0;

/** Set beside an id: not held yet. */
export const reserved = 0x4000_0000;

/** Nobody will have it again. */
export const broken: number = reserved;

/** In a waiter's word: it was told to look. The sign, so that what waits is a positive number. */
export const woken: number = 0x8000_0000 | 0;

/** Whose the word is, whatever else it says. */
export function memberOf(word: number): number {
  return word & 0x3fff_ffff;
}
