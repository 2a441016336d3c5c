import { once } from 'node:events';
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';

/** A TCP relay that can go silent: its sockets stay open, and nothing passes any more. */
export interface LinkProxy extends AsyncDisposable {
  readonly address: string;
  /** Nothing passes on connections that are there. */
  silence(): void;
}

export async function openProxy(target: {
  readonly host: string;
  readonly port: number;
}): Promise<LinkProxy> {
  const sockets = new Set<Socket>();
  const server = createServer(near => {
    const far = connect(target);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.once('close', () => sockets.delete(socket));
    }
    near.pipe(far);
    far.pipe(near);
    near.once('close', () => far.destroy());
    far.once('close', () => near.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    silence: () => {
      for (const socket of sockets) {
        socket.unpipe();
        socket.on('data', () => {}); // Read and dropped: the sender's kernel sees all acknowledged.
        socket.resume();
      }
    },
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}
