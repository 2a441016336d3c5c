import { type GroupId, groupId } from '@quorate/core';
import type { ReplicaStatus } from '@quorate/replication';
import type { LedgerState } from './ledger-machine.ts';

/** A replica in a process of its own: what it is started with. */
export interface NodeTask {
  readonly id: string;
  readonly members: readonly string[];
  readonly port: number;
  /** By member, where it is reached from here. */
  readonly peers: Readonly<Record<string, string>>;
  readonly folder: string;
  /** Differs with every start. */
  readonly seed: number;
  readonly rate: number;
  readonly wallAheadMs: number;
  readonly electionTimeoutMs: number;
  readonly leaseMarginMs: number;
}

/** What it does when it is asked. */
export type NodeAsk =
  | { readonly do: 'status' }
  | { readonly do: 'state' }
  /** Does nothing else for so long. */
  | { readonly do: 'stall'; readonly forMs: number }
  | { readonly do: 'stallDisk'; readonly forMs: number }
  | { readonly do: 'handOver'; readonly to: string }
  /** In place of a disk that is full. */
  | { readonly do: 'fill'; readonly isFull: boolean };

export type NodeStatus = Pick<ReplicaStatus, 'role' | 'term' | 'committed' | 'applied' | 'storage'>;

export interface NodeState {
  readonly applied: number;
  readonly committed: number;
  readonly ledger: LedgerState;
}

/** What happens to it. */
export type NodeNews =
  | { readonly type: 'leads'; readonly term: number }
  | { readonly type: 'reached'; readonly what: string }
  | { readonly type: 'failed'; readonly why: string };

/** Who asks from outside, the group of what it asks, and what it may ask of one replica and no other. */
export const clientsName = 'clients';
export const callsGroup: GroupId = groupId(1);
export const directMethods = { write: 'direct.write', read: 'direct.read' } as const;
