import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** What NATS says of time: nanoseconds in the subject of an acknowledgement, and dates in its answers. */
const nanoseconds = /(?<=\$JS\.ACK\.[\w.-]+\.)\d{19}(?=\.)/g;
const dates = /(?<=(?:"(?:ts|time|created)":\s*"|Nats-Time-Stamp: ))[\d-]{10}T[\d:]{8}(?=[.\dZ])/g;
const lineEnd = Buffer.from('\r\n');

/**
 * A link to a NATS server that tells times as a server would whose clock is stepped. Its program has its clock from the kernel and
 * cannot be given another; all that clients know of the server's clock are these times, each as long after the step as before it.
 */
export class SteppedStamps implements AsyncDisposable {
  readonly #steps: { readonly fromMs: number; readonly aheadMs: number }[] = [{ fromMs: 0, aheadMs: 0 }];
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  private constructor(port: number) {
    this.#server = createServer(client => this.#link(client, connect(port, '127.0.0.1')));
  }

  static async start(port: number): Promise<SteppedStamps> {
    const stamps = new SteppedStamps(port);
    stamps.#server.listen(0, '127.0.0.1');
    await once(stamps.#server, 'listening');
    return stamps;
  }

  get url(): string {
    return `nats://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** How far what is stamped from now on is ahead, in whole seconds, as ms. */
  set(aheadMs: number): void {
    this.#steps.push({ fromMs: Date.now(), aheadMs });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #link(client: Socket, server: Socket): void {
    let waiting: Buffer = Buffer.alloc(0);
    client.pipe(server);
    server.on('data', (bytes: Buffer) => {
      waiting = Buffer.concat([waiting, bytes]);
      // Whatever the server sends ends so; a time is never cut in two then.
      if (!waiting.subarray(-lineEnd.length).equals(lineEnd)) return;
      client.write(this.#step(waiting));
      waiting = Buffer.alloc(0);
    });
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
  }

  /** Whatever stands there keeps its length. */
  #step(bytes: Buffer): Buffer {
    const text = bytes.toString('latin1');
    const stepped = text
      .replace(nanoseconds, stamp => {
        const atMs = Number(stamp.slice(0, -6));
        return `${atMs + this.#aheadMs(atMs)}${stamp.slice(-6)}`;
      })
      .replace(dates, date => {
        const atMs = Date.parse(`${date}Z`);
        // The second in which a step falls is told as after it.
        return new Date(atMs + this.#aheadMs(atMs + 999)).toISOString().slice(0, date.length);
      });
    return Buffer.from(stepped, 'latin1');
  }

  #aheadMs(atMs: number): number {
    return this.#steps.findLast(({ fromMs }) => fromMs <= atMs)?.aheadMs ?? 0;
  }
}
