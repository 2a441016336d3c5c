import type { Fact, Finding } from './scenario.ts';

/** Something that must hold in every run. Fed with facts in the order in which they happened. */
export interface Invariant {
  /** Kebab-case. */
  readonly name: string;
  /** Looks at a fact; says what is wrong as soon as something is. */
  observe(fact: Fact, at: FactOrigin): Finding | undefined;
  /** After the liveness phase. */
  finish?(): Finding | undefined;
}

export interface FactOrigin {
  readonly atMs: number;
  /** The node or client that observed it. */
  readonly node: string;
}
