import { type NodeId, seededRandom } from '@quorate/core';
import { Recorder } from './recorder.ts';
import type { Mesh, Subject } from './transport-cases.ts';
import {
  type TcpLimits,
  type TcpTransport,
  type TcpTransportOptions,
  type TlsCredentials,
  createTcpTransport,
} from '@quorate/transport/tcp';

/** Limits under which tests see what happens soon. */
export const testLimits: TcpLimits = {
  messageMaxBytes: 0x10_0000,
  queueMaxBytes: 0x40_0000,
  backoffMinMs: 2,
  backoffMaxMs: 50,
};

/** A mesh that tells its addresses once it is started: a transport's `start` introduces it to those started before. */
export class TcpMesh implements Mesh {
  readonly transports: readonly TcpTransport[];

  constructor(transports: readonly TcpTransport[]) {
    this.transports = transports;
    for (const transport of transports) {
      const start = transport.start.bind(transport);
      transport.start = async handlers => {
        await start(handlers);
        for (const other of transports) {
          if (other === transport) continue;
          transport.addPeer(other.self, where(other));
          other.addPeer(transport.self, where(transport));
        }
      };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.transports.map(transport => transport[Symbol.asyncDispose]()));
  }
}

/** Where a transport of this machine listens, as a peer's address. */
export function where({ address }: TcpTransport): string | undefined {
  if (address === undefined) return undefined;
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** Nodes on free ports of the loopback interface. */
export function openMesh(
  names: readonly NodeId[],
  options: Partial<TcpTransportOptions> & { readonly tlsOf?: (name: NodeId) => TlsCredentials } = {},
): TcpMesh {
  const { tlsOf, ...rest } = options;
  return new TcpMesh(
    names.map(self =>
      createTcpTransport({
        self,
        listen: { host: '127.0.0.1', port: 0 },
        limits: testLimits,
        random: seededRandom(`mesh ${self}`),
        ...(tlsOf === undefined ? {} : { tls: tlsOf(self) }),
        ...rest,
      }),
    ),
  );
}

/** TCP as a subject of the conformance cases. */
export const tcpSubject: Subject = { name: 'tcp', open: async names => openMesh(names) };

/** A node on a free port of the loopback interface, with {@link testLimits} but for those that are given. */
export function make(self: string, options: Partial<TcpTransportOptions> = {}): TcpTransport {
  const { limits, ...rest } = options;
  return createTcpTransport({
    self,
    listen: { host: '127.0.0.1', port: 0 },
    random: seededRandom(self),
    limits: { ...testLimits, ...limits },
    ...rest,
  });
}

/** Starts a transport with handlers that keep what they are told. */
export async function started(transport: TcpTransport): Promise<Recorder> {
  const recorder = new Recorder();
  await transport.start(recorder);
  return recorder;
}
