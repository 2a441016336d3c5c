import type { Backend } from '@quorate/threads';

/** What the conformance cases run against. */
export interface Subject {
  readonly name: string;
  readonly backend: Backend;
  /** Workers have threads of their own: they can be interrupted, they can block, and their uncaught errors are theirs. */
  readonly isolated: boolean;
  /** Ports tell when their other end is gone. */
  readonly portsTellClose: boolean;
}

/** One promise of the package, as a function that throws when it is not kept. */
export interface Case {
  readonly name: string;
  /** Runs where this is true; where it is not, another case states what holds instead. */
  readonly applies?: (subject: Subject) => boolean;
  readonly run: (subject: Subject) => Promise<void>;
}

/** Where a worker module of these tests is. */
export function fixture(name: string): URL {
  return new URL(`../fixtures/${name}`, import.meta.url);
}
