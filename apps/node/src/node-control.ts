import type { ReplicaMember, SeatTask } from './replica/replica-seat.ts';

/** What the supervisor sends to a node's process, over IPC only: secrets never appear in an argument or a file. */
export type ControlMessage =
  | {
      readonly type: 'start';
      readonly id: string;
      readonly clientToken: string;
      readonly peerToken: string;
      readonly host?: string;
      readonly port?: number;
      /** The one folder that the process may write to. It removes it when the supervisor is gone. */
      readonly folder?: string;
    }
  /** Answered by `listening`, or `failed`. */
  | { readonly type: 'listen'; readonly task: SeatTask }
  /** Answered by `joined`, or `failed`. */
  | { readonly type: 'join'; readonly members: readonly ReplicaMember[] }
  /** Not answered. */
  | { readonly type: 'moved'; readonly members: readonly ReplicaMember[] }
  | { readonly type: 'stop' };

/** What a node's process sends back. */
export type NodeMessage =
  | { readonly type: 'ready'; readonly url: string }
  | { readonly type: 'listening'; readonly address: string }
  /** `last`: the last entry that the journal held. */
  | { readonly type: 'joined'; readonly last: number }
  | { readonly type: 'failed'; readonly code: string; readonly message: string };
