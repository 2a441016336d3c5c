import type { BatchWrite, Condition, EntryWrite, OperationId, SessionId } from '@quorate/core';
import type { QueueTopic } from './queue/listener-table.ts';
import type { QueueRequest } from './queue/queue-request.ts';
import type { Topic } from './topic-table.ts';

/** What the thread of a client asks the writer for. Each request is one step: all of it or nothing. */
export type StoreRequest =
  | {
      readonly type: 'put';
      readonly write: EntryWrite;
      readonly condition: Condition;
      readonly operation: OperationId | undefined;
    }
  | {
      readonly type: 'delete';
      readonly key: string;
      readonly condition: Condition;
      readonly operation: OperationId | undefined;
    }
  | {
      readonly type: 'enqueue';
      readonly prefix: string;
      readonly value: Uint8Array;
      readonly session: SessionId;
      readonly operation: OperationId | undefined;
    }
  | {
      readonly type: 'add';
      readonly key: string;
      readonly delta: bigint;
      readonly operation: OperationId | undefined;
    }
  | {
      readonly type: 'batch';
      readonly conditions: ReadonlyMap<string, Condition>;
      readonly writes: readonly BatchWrite[];
      readonly operation: OperationId | undefined;
    }
  | QueueRequest
  | SessionRequest;

/** Requests about sessions and hosts. */
export type SessionRequest =
  | {
      readonly type: 'open-session';
      readonly session: SessionId;
      readonly ttlMs: number;
      readonly host: string;
    }
  | { readonly type: 'renew-session'; readonly session: SessionId }
  | { readonly type: 'end-session'; readonly session: SessionId }
  | { readonly type: 'register'; readonly topic: Topic; readonly host: string }
  | { readonly type: 'unregister'; readonly topic: Topic; readonly host: string }
  | { readonly type: 'end-host'; readonly host: string; readonly isProven: boolean }
  | { readonly type: 'sweep' };

/** A host to wake, and what of. */
export type Wake = readonly [host: string, topic: Topic | QueueTopic];
