/** What happened, by node and simulated time, as the viewer shows it and as two runs are compared by. */
export interface TraceEvent {
  /** From 0; also counts events that are not kept. */
  readonly index: number;
  readonly atUs: number;
  /** The node or client it happened to; empty for the world. */
  readonly node: string;
  readonly detail: TraceDetail;
}

/** Message ids count from 0 over the whole run; operation ids too. */
export type TraceDetail =
  | { readonly type: 'start'; readonly incarnation: number }
  | { readonly type: 'crash' | 'pause' | 'resume' }
  | { readonly type: 'timer' }
  | {
      readonly type: 'send';
      readonly message: number;
      readonly to: string;
      readonly bytes: number;
      readonly text?: string;
    }
  | { readonly type: 'deliver'; readonly message: number; readonly from: string; readonly corrupted?: true }
  | { readonly type: 'drop'; readonly message: number; readonly from: string; readonly why: string }
  | { readonly type: 'connect' | 'disconnect'; readonly peer: string }
  | { readonly type: 'disk'; readonly action: string; readonly text?: string }
  | { readonly type: 'store'; readonly action: string; readonly text?: string }
  | { readonly type: 'clock'; readonly action: string; readonly byMs: number }
  | {
      readonly type: 'fault-begin';
      readonly fault: number;
      readonly kind: string;
      readonly nodes: readonly string[];
      readonly text?: string;
    }
  | { readonly type: 'fault-end'; readonly fault: number }
  | { readonly type: 'invoke'; readonly operation: number; readonly input: unknown }
  | { readonly type: 'return'; readonly operation: number; readonly output: unknown }
  | { readonly type: 'open'; readonly operation: number; readonly why: string }
  | { readonly type: 'fact'; readonly fact: { readonly type: string; readonly [field: string]: unknown } }
  | { readonly type: 'probe'; readonly probe: string }
  | { readonly type: 'log'; readonly text: string }
  | { readonly type: 'phase'; readonly phase: 'safety' | 'liveness' | 'end' }
  | { readonly type: 'finding'; readonly rule: string; readonly message: string };
