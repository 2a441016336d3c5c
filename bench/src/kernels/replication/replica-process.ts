import { groupId, nodeId } from '@quorate/core';
import { createMemoryJournal } from '@quorate/engine-memory';
import { folderDisk, openJournal } from '@quorate/journal';
import {
  createReplica,
  type Replica,
  type ReplicaOptions,
  serveReplica,
  type SharedTransport,
  shareTransport,
} from '@quorate/replication';
import { createRequests } from '@quorate/transport';
import { createTcpTransport } from '@quorate/transport/tcp';
import { answerParent } from '../lock/answer-parent.ts';
import { KeyValueMachine, setCommand } from './key-value-machine.ts';
import { clientGroup, clientName, replicaGroup, requestLimits } from './replica-names.ts';

export type LogLimits = Pick<ReplicaOptions, 'snapshotBytes' | 'snapshotEntries' | 'trailingBytes'>;

/** What a replica's process is told first. */
export interface ReplicaTask {
  readonly id: string;
  readonly members: readonly string[];
  /** The journal's folder; none: in memory. */
  readonly folder: string | undefined;
  readonly electionTimeoutMs: number;
  /** How much of the log is kept, where that is not as by default. */
  readonly logLimits?: LogLimits;
  /** Where it listens; 0: any free one. */
  readonly port: number;
}

/** What a process is told after that. */
export type ReplicaOrder =
  /** Where it listens: {@link ReplicaAddress}. */
  | { readonly type: 'listen' }
  /** Starts the replica, which is done when it is answered. */
  | { readonly type: 'join'; readonly addresses: Readonly<Record<string, string>> }
  /** How the replica is: {@link ReplicaNews}. */
  | { readonly type: 'news' }
  /** Writes so many entries as leader, of so many keys, a thousand at a time: how many of them it did before it led no more. */
  | { readonly type: 'fill'; readonly count: number; readonly keyCount: number }
  /** Takes a snapshot and gives back the log before it. */
  | { readonly type: 'snapshot' };

export interface ReplicaAddress {
  readonly port: number;
}

export interface ReplicaNews {
  readonly role: string;
  readonly term: number;
  readonly applied: number;
  /** The first entry that is still held. */
  readonly first: number;
  /** Snapshots that it has installed since it started. */
  readonly installed: number;
}

let answerOrder: ((order: ReplicaOrder) => Promise<unknown>) | undefined;
answerParent((ask: ReplicaTask | ReplicaOrder) => {
  if ('type' in ask) return answerOrder?.(ask);
  answerOrder = serve(ask);
  return 'ready';
});

/** @returns what does what the process is told */
function serve(task: ReplicaTask): (order: ReplicaOrder) => Promise<unknown> {
  const others = task.members.filter(id => id !== task.id);
  const tcp = createTcpTransport({
    self: task.id,
    listen: { host: '127.0.0.1', port: task.port },
    // Nobody knows yet where the others listen.
    peers: Object.fromEntries([...others, clientName].map(id => [id, undefined])),
  });
  const shared = shareTransport(tcp);
  const group = groupId(clientGroup);
  const requests = createRequests(shared.forGroup(group), { group, limits: requestLimits });
  let replica: Replica | undefined;
  let installed = 0;
  return async (order: ReplicaOrder): Promise<ReplicaAddress | ReplicaNews | string | number> => {
    if (order.type === 'listen') {
      await requests.start();
      return { port: tcp.address?.port ?? 0 };
    }
    if (order.type === 'join') {
      for (const id of others) tcp.addPeer(id, order.addresses[id] as string);
      replica = await join(task, shared);
      replica.subscribe(event => {
        if (event.type === 'snapshot' && event.how === 'installed') installed++;
        if (event.type === 'failed') throw event.error;
      });
      serveReplica(replica, requests);
      return 'joined';
    }
    if (replica === undefined) throw new Error('Replica must have joined: it has not');
    if (order.type === 'fill') return fill(replica, order.count, order.keyCount);
    if (order.type === 'snapshot') return replica.snapshot();
    const { role, term, applied, first } = replica.status();
    return { role, term, applied, first, installed };
  };
}

async function fill(replica: Replica, count: number, keyCount: number): Promise<number> {
  const value = new Uint8Array(100).fill(120);
  let next = 0;
  let done = 0;
  const one = async (): Promise<void> => {
    while (next < count) {
      await replica.write(setCommand(`key-${next++ % keyCount}`, value));
      done++;
    }
  };
  // Whoever leads by then does the rest.
  await Promise.allSettled(Array.from({ length: 1000 }, one));
  return done;
}

async function join(
  { id, members, folder, electionTimeoutMs, logLimits }: ReplicaTask,
  shared: SharedTransport,
): Promise<Replica> {
  const group = groupId(replicaGroup);
  return createReplica({
    id: nodeId(id),
    group,
    members: members.map(nodeId),
    transport: shared.forGroup(group),
    journal: folder === undefined ? createMemoryJournal() : await openJournal({ disk: folderDisk(folder) }),
    machine: new KeyValueMachine(),
    electionTimeoutMs,
    ...logLimits,
  });
}
