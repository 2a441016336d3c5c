import { groupId, nodeId } from '@quorate/core';
import { createMemoryJournal } from '@quorate/engine-memory';
import { folderDisk, openJournal } from '@quorate/journal';
import {
  createReplica,
  type Replica,
  serveReplica,
  type SharedTransport,
  shareTransport,
} from '@quorate/replication';
import { createRequests } from '@quorate/transport';
import { createTcpTransport } from '@quorate/transport/tcp';
import { KeyValueMachine } from './key-value-machine.ts';
import { clientGroup, clientName, replicaGroup, requestLimits } from './replica-names.ts';

/** What a replica's process is told first. */
export interface ReplicaTask {
  readonly id: string;
  readonly members: readonly string[];
  /** The journal's folder; none: in memory. */
  readonly folder: string | undefined;
  readonly electionTimeoutMs: number;
  /** Where it listens; 0: any free one. */
  readonly port: number;
}

/** What a process is told after that. Each is answered by one message. */
export type ReplicaOrder =
  /** Where it listens: {@link ReplicaAddress}. */
  | { readonly type: 'listen' }
  /** Starts the replica, which is done when it is answered. */
  | { readonly type: 'join'; readonly addresses: Readonly<Record<string, string>> }
  /** How the replica is: {@link ReplicaNews}. */
  | { readonly type: 'news' };

export interface ReplicaAddress {
  readonly port: number;
}

export interface ReplicaNews {
  readonly role: string;
  readonly term: number;
  readonly applied: number;
}

process.once('message', (task: ReplicaTask) => serve(task));
process.once('disconnect', () => process.exit(1));

function serve(task: ReplicaTask): void {
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
  const answer = async (order: ReplicaOrder): Promise<ReplicaAddress | ReplicaNews | string> => {
    if (order.type === 'listen') {
      await requests.start();
      return { port: tcp.address?.port ?? 0 };
    }
    if (order.type === 'join') {
      for (const id of others) tcp.addPeer(id, order.addresses[id] as string);
      replica = await join(task, shared);
      serveReplica(replica, requests);
      return 'joined';
    }
    if (replica === undefined) throw new Error('Replica must have joined: it has not');
    const { role, term, applied } = replica.status();
    return { role, term, applied };
  };
  process.on('message', (order: ReplicaOrder) => void answer(order).then(message => process.send?.(message)));
  process.send?.('ready');
}

async function join(
  { id, members, folder, electionTimeoutMs }: ReplicaTask,
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
  });
}
