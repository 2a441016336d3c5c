import { type ClientHttp2Session, connect } from 'node:http2';
import type { ClusterClient } from './cluster-client.ts';

/**
 * As little client as etcd's gRPC can be spoken with, so that what is compared is the servers: HTTP/2 by the platform, messages
 * written down by hand. It talks to the leader alone, which saves etcd a hop.
 */
export async function openEtcdClient(ports: readonly number[]): Promise<ClusterClient> {
  const sessions = ports.map(port => connect(`http://127.0.0.1:${port}`));
  const leader = await leaderOf(sessions);
  for (const session of sessions) if (session !== leader) session.close();
  return {
    async write(key, value) {
      await call(leader, 'KV/Put', [bytesField(1, Buffer.from(key)), bytesField(2, value)]);
    },
    // What etcd calls serializable is not asked for: this is linearizable.
    async read(key) {
      const answer = fieldsOf(await call(leader, 'KV/Range', [bytesField(1, Buffer.from(key))]));
      const entry = answer.get(2);
      return entry instanceof Uint8Array ? bytesOf(fieldsOf(entry).get(5)) : undefined;
    },
    close: async () => new Promise(resolve => leader.close(() => resolve())),
  };
}

async function leaderOf(sessions: readonly ClientHttp2Session[]): Promise<ClientHttp2Session> {
  for (const session of sessions) {
    const status = fieldsOf(await call(session, 'Maintenance/Status', []));
    const member = fieldsOf(bytesOf(status.get(1)) ?? new Uint8Array()).get(2);
    if (member !== undefined && member === status.get(4)) return session;
  }
  throw new Error('etcd must have a leader: no member says that it is');
}

function call(
  session: ClientHttp2Session,
  method: string,
  fields: readonly Uint8Array[],
): Promise<Uint8Array> {
  const message = Buffer.concat([Buffer.alloc(5), ...fields]);
  message.writeUInt32BE(message.length - 5, 1);
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': `/etcdserverpb.${method}`,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const chunks: Uint8Array[] = [];
    let status: unknown;
    stream.on('trailers', trailers => {
      status = trailers['grpc-status'];
    });
    stream.on('data', (chunk: Uint8Array) => chunks.push(chunk));
    stream.on('error', reject);
    stream.on('end', () => {
      if (status === '0') resolve(Buffer.concat(chunks).subarray(5));
      else reject(new Error(`etcd answered ${method} with status ${String(status)}`));
    });
    stream.end(message);
  });
}

/** A field of bytes shorter than 128, in the encoding of protocol buffers. */
function bytesField(number: number, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(number * 8 + 2, bytes.length), bytes]);
}

function bytesOf(field: bigint | Uint8Array | undefined): Uint8Array | undefined {
  return field instanceof Uint8Array ? field : undefined;
}

/** Numbers and bytes of a message by their fields' numbers; of a repeated field the last. */
function fieldsOf(message: Uint8Array): ReadonlyMap<number, bigint | Uint8Array> {
  const fields = new Map<number, bigint | Uint8Array>();
  let place = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[place++];
      if (byte === undefined) throw new RangeError('A message of etcd ends within a number');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (place < message.length) {
    const tag = Number(varint());
    if (tag % 8 === 0) {
      fields.set(tag >> 3, varint());
      continue;
    }
    if (tag % 8 !== 2) throw new RangeError(`A message of etcd has a field of type ${tag % 8}`);
    const length = Number(varint());
    fields.set(tag >> 3, message.subarray(place, place + length));
    place += length;
  }
  return fields;
}
