import { groupId, nodeId, QuorateError } from '@quorate/core';
import { createReplicaClient, type ReadMode } from '@quorate/replication';
import { createRequests } from '@quorate/transport';
import { createTcpTransport } from '@quorate/transport/tcp';
import type { ClusterClient } from './cluster-client.ts';
import { setCommand } from './key-value-machine.ts';
import { clientGroup, clientName, replicaGroup, requestLimits } from './replica-names.ts';

const deadlineMs = 20_000;

/**
 * Our client over plain TCP, as etcd and Redis are spoken with.
 *
 * @param addresses where each replica listens, `host:port` by its name
 */
export async function openReplicaClient(
  addresses: Readonly<Record<string, string>>,
  mode: ReadMode = 'linearizable',
): Promise<ClusterClient> {
  // A replica that comes back is dialled soon: it may lead next.
  const transport = createTcpTransport({ self: clientName, peers: addresses, limits: { backoffMaxMs: 100 } });
  const requests = createRequests(transport, { group: groupId(clientGroup), limits: requestLimits });
  await requests.start();
  const members = Object.keys(addresses).map(id => nodeId(id));
  const client = createReplicaClient({ requests, members, group: groupId(replicaGroup) });
  return {
    async write(key, value) {
      const command = setCommand(key, value);
      for (;;) {
        try {
          await client.write(command, { deadlineMs });
          return;
        } catch (error) {
          // To set a key twice is to set it.
          if (!(error instanceof QuorateError && error.outcome === 'unknown')) throw error;
        }
      }
    },
    read: async key => client.read(Buffer.from(key), { mode, deadlineMs }),
    async close() {
      await requests[Symbol.asyncDispose]();
      await transport[Symbol.asyncDispose]();
    },
  };
}
