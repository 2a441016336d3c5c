import type { FactOrigin, Invariant } from '../invariant.ts';
import type { Finding } from '../scenario.ts';

/** A fencing token: a whole number. */
export type Fence = number | bigint;

/**
 * Somebody holds a lock from now on, by what the protocol told it. Said again with the same holder and fence it renews the
 * claim.
 */
export type LockAcquired = {
  readonly type: 'lock-acquired';
  readonly lock: string;
  /** Who; somebody that crashed and started again is somebody else. */
  readonly holder: string;
  /** The fencing token, where the lock has one. */
  readonly fence?: Fence;
  /** Simulated time at which the holder gives up its claim by itself, at the latest. A holder that crashes says nothing more. */
  readonly untilMs?: number;
};

/** The holder stops acting as one: said before the protocol is told. */
export type LockReleased = { readonly type: 'lock-released'; readonly lock: string; readonly holder: string };

/** The holder learned that it holds no longer. */
export type LockLost = { readonly type: 'lock-lost'; readonly lock: string; readonly holder: string };

/** A resource accepted a write that bore a fencing token; told by the resource, in the order in which it accepted them. */
export type FencedWrite = {
  readonly type: 'fenced-write';
  readonly resource: string;
  readonly fence: Fence;
  /** With it, the token must be one that this lock handed out. */
  readonly lock?: string;
};

export type LockFact = LockAcquired | LockReleased | LockLost | FencedWrite;

export interface MutualExclusionOptions {
  /**
   * Whether a lock promises that no two believe to hold it at once. False for leases under clocks that may be wrong: then
   * only the fencing counts, for there nothing else can be promised. Default true.
   */
  readonly exclusive?: boolean;
}

interface Claim {
  readonly fence: Fence | undefined;
  readonly untilMs: number;
}

/**
 * A lock has one holder at a time, each fencing token one acquisition, and the tokens that a resource accepts never go back.
 *
 * What counts is what holders believe by the protocol's own claim: from `lock-acquired` to `lock-released`, `lock-lost` or
 * `untilMs`. That tokens are *seen* to rise is not demanded, for who was slow to learn that it held the lock may say so late;
 * what is demanded is that such a one can no longer write.
 *
 * Source: Gray & Cheriton, "Leases", SOSP 1989 §2; Burrows, "The Chubby Lock Service", OSDI 2006 §2.4 (sequencers);
 * Kleppmann, "How to do distributed locking", 2016 (fencing tokens).
 */
export function mutualExclusion({ exclusive = true }: MutualExclusionOptions = {}): Invariant {
  const checker = new LockChecker(exclusive);
  return { name: 'mutual-exclusion', observe: (fact, at) => checker.observe(fact as LockFact, at) };
}

class LockChecker {
  readonly #exclusive: boolean;
  readonly #claims = new Map<string, Map<string, Claim>>();
  /** By lock and fence: who acquired it. */
  readonly #fences = new Map<string, Map<bigint, string>>();
  readonly #accepted = new Map<string, bigint>();

  constructor(exclusive: boolean) {
    this.#exclusive = exclusive;
  }

  observe(fact: LockFact, { atMs }: FactOrigin): Finding | undefined {
    const message = this.#look(fact, atMs);
    return message === undefined ? undefined : { rule: 'mutual-exclusion', message, atMs, details: fact };
  }

  #look(fact: LockFact, atMs: number): string | undefined {
    switch (fact.type) {
      case 'lock-acquired':
        return this.#acquire(fact, atMs);
      case 'lock-released':
      case 'lock-lost':
        this.#claims.get(fact.lock)?.delete(fact.holder);
        return undefined;
      case 'fenced-write':
        return this.#write(fact);
      default:
        return undefined;
    }
  }

  #acquire({ lock, holder, fence, untilMs = Infinity }: LockAcquired, atMs: number): string | undefined {
    const claims = inside(this.#claims, lock);
    for (const [other, claim] of claims) {
      if (claim.untilMs <= atMs) claims.delete(other);
      else if (this.#exclusive && other !== holder) {
        claims.set(holder, { fence, untilMs });
        return `${holder} acquired lock "${lock}"${fenceText(fence)} while ${other} held it${fenceText(claim.fence)}`;
      }
    }
    claims.set(holder, { fence, untilMs });
    if (fence === undefined) return undefined;
    const fences = inside(this.#fences, lock);
    const first = fences.get(BigInt(fence));
    fences.set(BigInt(fence), holder);
    if (first === undefined || first === holder) return undefined;
    return `${holder} acquired lock "${lock}" with fence ${fence}, which ${first} had been given`;
  }

  #write({ resource, fence: given, lock }: FencedWrite): string | undefined {
    const fence = BigInt(given);
    const highest = this.#accepted.get(resource);
    if (highest !== undefined && fence < highest) {
      return `Resource "${resource}" accepted a write with fence ${fence} after one with fence ${highest}`;
    }
    this.#accepted.set(resource, fence);
    if (lock === undefined || this.#fences.get(lock)?.has(fence) === true) return undefined;
    return `Resource "${resource}" accepted a write with fence ${fence}, which nobody was given by lock "${lock}"`;
  }
}

function fenceText(fence: Fence | undefined): string {
  return fence === undefined ? '' : ` with fence ${fence}`;
}

function inside<Key, Value>(maps: Map<string, Map<Key, Value>>, name: string): Map<Key, Value> {
  let map = maps.get(name);
  if (map === undefined) {
    map = new Map();
    maps.set(name, map);
  }
  return map;
}
