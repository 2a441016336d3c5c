import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode, groupId, type NodeId, nodeId } from '@quorate/core';
import type { ReadMode } from '@quorate/replication';
import { createRequests } from '@quorate/transport';
import { createTcpTransport } from '@quorate/transport/tcp';
import type { ClusterClient } from './cluster-client.ts';
import { setCommand } from './key-value-machine.ts';
import { clientGroup, clientName, requestLimits } from './replica-names.ts';

const deadlineMs = 10_000;
const triesMax = 400;
const pauseMs = 25;
/** Somebody else may know better. What was lost on the way is asked again: to set a key twice is to set it. */
const elsewhere = new Set([
  'NOT_LEADER',
  'UNAVAILABLE',
  'CONNECTION_LOST',
  'LEADERSHIP_LOST',
  'NO_LEADER',
  'TRANSFERRING',
  'UNKNOWN_METHOD',
]);

/**
 * Requests over our transport, plain TCP as for etcd and Redis. Whoever does not lead says so, and the next one is asked.
 *
 * @param addresses where each replica listens, `host:port` by its name
 */
export async function openReplicaClient(
  addresses: Readonly<Record<string, string>>,
  mode: ReadMode = 'linearizable',
): Promise<ClusterClient> {
  const group = groupId(clientGroup);
  const transport = createTcpTransport({ self: clientName, peers: addresses });
  const requests = createRequests(transport, { group, limits: requestLimits });
  const replicas = Object.keys(addresses).map(id => nodeId(id));
  await requests.start();
  let place = 0;
  const ask = async (method: string, body: Uint8Array): Promise<Uint8Array> => {
    for (let attempt = 1; ; attempt++) {
      const asked = place;
      try {
        return await requests.request(replicas[asked] as NodeId, method, body, { deadlineMs });
      } catch (error) {
        const code = errorCode(error);
        if (attempt === triesMax || !elsewhere.has(code ?? '')) throw error;
        // Only the first of many callers moves on.
        if (asked === place) place = (place + 1) % replicas.length;
        await sleep(pauseMs);
      }
    }
  };
  return {
    write: async (key, value) => void (await ask('write', setCommand(key, value))),
    read: async key => ask(mode, Buffer.from(key)),
    async close() {
      await requests[Symbol.asyncDispose]();
      await transport[Symbol.asyncDispose]();
    },
  };
}
