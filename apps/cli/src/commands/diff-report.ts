import type { Ring } from '@quorate/ring';
import type { AlgorithmSpec } from '../analysis/algorithm-spec.ts';

/** What `quorate ring diff --json` prints. Fractions are of the whole hash space. */
export interface DiffReport {
  readonly schema: 'quorate-ring-diff/1';
  readonly algorithm: string;
  readonly replicas: number;
  /** Whether the figures come from the ranges themselves; otherwise they were estimated over a sample of keys. */
  readonly exact: boolean;
  readonly moved: number;
  /** The smallest fraction that any algorithm can move, by the weights before and after. */
  readonly minimum: number;
  /** Moved between nodes that are in both files with the same weight. */
  readonly unnecessary: number;
  /** Nodes that give or get anything. */
  readonly nodes: readonly { readonly id: string; readonly in: number; readonly out: number }[];
  /** Moved ranges `[start, end)`, positions in decimal; empty where the figures are estimates. */
  readonly ranges: readonly {
    readonly start: string;
    readonly end: string;
    readonly from: string | null;
    readonly to: string | null;
  }[];
}

/** Compares two rings of one algorithm. */
export function diffReportOf(spec: AlgorithmSpec, before: Ring, after: Ring, replicas: number): DiffReport {
  const diff = before.diff(after, { replicas });
  return {
    schema: 'quorate-ring-diff/1',
    algorithm: spec.label,
    replicas,
    exact: diff.exact,
    moved: diff.moved,
    minimum: diff.minimum,
    unnecessary: diff.unnecessary,
    nodes: [...diff.perNode].map(([id, flow]) => ({ id, in: flow.in, out: flow.out })),
    ranges: diff.ranges.map(range => ({
      start: String(range.start),
      end: String(range.end),
      from: range.from ?? null,
      to: range.to ?? null,
    })),
  };
}
