import type { SequenceRange } from './sequence-set.ts';

/** The process of all clients: what it is started with. */
export interface ClientsTask {
  /** By member, where it is reached from here. */
  readonly addresses: Readonly<Record<string, string>>;
  readonly seed: number;
  readonly roaming: number;
}

/** What it does when it is asked. */
export type ClientsAsk =
  /** How many writes of sessions were acknowledged so far. */
  | { readonly do: 'count' }
  /** Ends the work, what is under way within this time, and judges: {@link ClientsReport}. */
  | { readonly do: 'end'; readonly withinMs: number };

export type Ranges = readonly SequenceRange[];

export interface ClientsReport {
  readonly verdict: 'ok' | 'violation' | 'unknown';
  readonly detail: string;
  readonly operations: number;
  readonly reads: number;
  /** Operations of which nobody knows what became of them. */
  readonly open: number;
  /** Operations of sessions among them: there is an outcome for each as long as somebody leads. */
  readonly openOfSessions: number;
  /** Calls by the code with which they failed. */
  readonly codes: Readonly<Record<string, number>>;
  /** By worker. */
  readonly fates: Readonly<
    Record<string, { readonly asked: Ranges; readonly acknowledged: Ranges; readonly refused: Ranges }>
  >;
}
