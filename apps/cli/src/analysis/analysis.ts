import { KeySet } from '../input/key-set.ts';
import type { FileNode } from '../input/nodes-file.ts';
import type { AlgorithmSpec } from './algorithm-spec.ts';
import type { Change } from './change.ts';
import { buildContender, type Contender, refusalOf } from './contender.ts';

/** What is analysed. */
export interface AnalysisOptions {
  readonly nodes: readonly FileNode[];
  readonly algorithms: readonly AlgorithmSpec[];
  readonly changes: readonly Change[];
  /** Owners per key; 1 leaves preference lists out. */
  readonly replicas: number;
  /** Counts requests as well as keys. */
  readonly countDuplicates: boolean;
  /** The caller knows that no key comes twice, so nothing is remembered. */
  readonly assumeDistinct: boolean;
}

/** An algorithm that cannot hold these nodes, and why. */
export interface LeftOut {
  readonly spec: AlgorithmSpec;
  readonly reason: string;
}

/**
 * Counts where keys lie, and what moves, while they stream by.
 *
 * Memory is that of the rings, of counters for each node, and of the {@link KeySet} that tells repeats; keys are not kept.
 */
export class Analysis {
  readonly options: AnalysisOptions;
  readonly contenders: readonly Contender[];
  readonly leftOut: readonly LeftOut[];
  readonly #seen: KeySet | undefined;
  /** All entries that were given to `add`. */
  requests = 0;
  /** Distinct keys among them. */
  keys = 0;
  /** The key with the most requests and how many those are, once a key has come twice; kept with `countDuplicates` only. */
  hottest: { readonly key: Uint8Array; readonly requests: number } | undefined;

  constructor(options: AnalysisOptions) {
    this.options = options;
    this.#seen = options.assumeDistinct ? undefined : new KeySet({ counting: options.countDuplicates });
    const contenders: Contender[] = [];
    const leftOut: LeftOut[] = [];
    for (const spec of options.algorithms) {
      try {
        contenders.push(buildContender(spec, options.nodes, options.changes, options.replicas));
      } catch (error) {
        leftOut.push({ spec, reason: refusalOf(error) });
      }
    }
    this.contenders = contenders;
    this.leftOut = leftOut;
  }

  /** Counts one entry. The bytes are not kept. */
  add(key: Uint8Array): void {
    const { countDuplicates } = this.options;
    this.requests++;
    const times = this.#seen === undefined ? 1 : this.#seen.add(key);
    const isNew = times === 1;
    if (isNew) this.keys++;
    else if (!countDuplicates) return;
    if (countDuplicates && times > (this.hottest?.requests ?? 1)) {
      this.hottest = { key: Uint8Array.from(key), requests: times };
    }
    for (const contender of this.contenders) {
      const index = contender.ring.index(key);
      contender.requests[index] = (contender.requests[index] as number) + 1;
      for (const movement of contender.movements) movement.count(key, index, isNew);
      if (!isNew) continue;
      contender.keys[index] = (contender.keys[index] as number) + 1;
      for (const lists of contender.lists) lists.count(key);
    }
  }
}
