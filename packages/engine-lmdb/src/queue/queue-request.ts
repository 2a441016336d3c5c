import type { LeaseHandle, LeaseQuery, MessageId, QueuePut, Settlement, StateWrite } from '@quorate/core';
import type { QueueTopic } from './listener-table.ts';

/** What the thread of a client asks the writer for, of queues. Each is one step: all of it or nothing. */
export type QueueStep =
  | { readonly do: 'put'; readonly puts: readonly QueuePut[] }
  | { readonly do: 'lease'; readonly queue: string; readonly query: LeaseQuery; readonly host: string }
  | {
      readonly do: 'extend';
      readonly leases: readonly LeaseHandle[];
      readonly leaseMs: number;
      readonly started: boolean;
      readonly host: string;
    }
  | { readonly do: 'settle'; readonly settlements: readonly Settlement[] }
  | { readonly do: 'abandon'; readonly queue: string; readonly owner: string }
  | { readonly do: 'write'; readonly write: StateWrite }
  | { readonly do: 'remove'; readonly queue: string; readonly ids: readonly MessageId[] }
  /** Takes out some of the messages that were put up to a sequence; without one, up to now. */
  | { readonly do: 'purge'; readonly queue: string; readonly until: number | undefined }
  /** Ends the leases, and drops the records, whose time has come. */
  | { readonly do: 'advance' }
  | { readonly do: 'listen'; readonly topic: QueueTopic; readonly host: string }
  /** Puts a cell in order that was found to be damaged. */
  | { readonly do: 'repair'; readonly cell: number };

export interface QueueRequest {
  readonly type: 'queue';
  /** What all messages and records may take together, by whoever asks. */
  readonly maxBytes: number;
  readonly step: QueueStep;
}

/**
 * Whether a request may be answered before it is on disk. Of a lease, an extension, an acknowledgement or a release that a loss of
 * power undoes nothing is lost: the message comes again. Messages and records that come of a settlement are waited for.
 */
export function isLazy({ type, ...request }: { readonly type: string; readonly step?: QueueStep }): boolean {
  const { step } = request;
  if (type !== 'queue' || step === undefined) return false;
  if (step.do !== 'settle') return lazySteps.has(step.do);
  return step.settlements.every(
    ({ action, puts = [], state = [] }) => action.type !== 'move' && puts.length + state.length === 0,
  );
}

/**
 * How much there is to do for a request, about: one for each message that it names, and one for each 4 KiB of bodies. A lease mostly
 * finds less than it may take. What goes through a queue, however long that is, has no bound.
 */
export function workOf({ step }: { readonly step?: QueueStep }): number {
  switch (step?.do) {
    case 'put':
      return workOfPuts(step.puts);
    case 'lease':
      return 1 + step.query.messagesMax / 8;
    case 'extend':
      return step.leases.length;
    case 'settle':
      return step.settlements.reduce(
        (sum, { puts = [], state = [] }) => sum + 1 + workOfPuts(puts) + state.length,
        0,
      );
    case 'remove':
      return step.ids.length;
    case 'abandon':
    case 'purge':
    case 'repair':
      return Number.POSITIVE_INFINITY;
    case 'advance':
    case 'listen':
    case 'write':
    case undefined:
      break;
  }
  return 1;
}

function workOfPuts(puts: readonly QueuePut[]): number {
  return puts.reduce((sum, { message }) => sum + 1 + message.body.length / 4096, 0);
}

const lazySteps: ReadonlySet<QueueStep['do']> = new Set([
  'lease',
  'extend',
  'abandon',
  'advance',
  'listen',
  'repair',
]);

/** What a step of a purge took out, and up to where the next one goes on; absent when nothing is left. */
export interface Purged {
  readonly count: number;
  readonly until?: number;
}
