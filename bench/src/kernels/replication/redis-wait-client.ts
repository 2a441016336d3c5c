import { connect, type Socket } from 'node:net';
import type { ClusterClient } from './cluster-client.ts';

/**
 * `SET` and `WAIT 1 0` in one packet to a Redis with replicas, by as little client as there can be. A connection waits as a whole,
 * so each call under way has one to itself.
 */
export function openRedisWaitClient(port: number): ClusterClient {
  const idle: Connection[] = [];
  const all: Connection[] = [];
  const take = (): Connection => {
    const connection = idle.pop();
    if (connection !== undefined) return connection;
    const made = new Connection(port);
    all.push(made);
    return made;
  };
  return {
    async write(key, value) {
      const connection = take();
      const answer = await connection.ask(Buffer.concat([command(['SET', key, value]), waitForOne]), 2);
      idle.push(connection);
      if (answer !== '+OK\r\n:1\r\n' && answer !== '+OK\r\n:2\r\n') {
        throw new Error(`Redis must have a replica that answers: it said ${JSON.stringify(answer)}`);
      }
    },
    async read(key) {
      const connection = take();
      const answer = await connection.ask(command(['GET', key]), 2);
      idle.push(connection);
      return answer.startsWith('$-1') ? undefined : Buffer.from(answer.split('\r\n')[1] ?? '', 'latin1');
    },
    async close() {
      for (const connection of all) connection.close();
    },
  };
}

class Connection {
  readonly #socket: Socket;
  #answer = '';
  #lines = 0;
  #resolve: ((answer: string) => void) | undefined;
  #reject: ((error: Error) => void) | undefined;

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1').setNoDelay(true).setEncoding('latin1');
    this.#socket.on('data', (text: string) => this.#take(text));
    this.#socket.on('error', error => this.#reject?.(error));
    this.#socket.on('close', () => this.#reject?.(new Error('Redis closed the connection')));
  }

  /** Answers of short values alone: none of them has a line break. */
  ask(request: Uint8Array, lines: number): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#answer = '';
      this.#lines = lines;
      this.#resolve = resolve;
      this.#reject = reject;
      this.#socket.write(request);
    });
  }

  #take(text: string): void {
    this.#answer += text;
    const found = this.#answer.split('\r\n').length - 1;
    if (found >= this.#lines || /^(?:-|\$-1)/.test(this.#answer)) this.#resolve?.(this.#answer);
  }

  close(): void {
    this.#reject = undefined;
    this.#socket.destroy();
  }
}

const waitForOne = command(['WAIT', '1', '0']);

function command(words: readonly (string | Uint8Array)[]): Buffer {
  const parts: Uint8Array[] = [Buffer.from(`*${words.length}\r\n`)];
  for (const word of words) {
    const bytes = typeof word === 'string' ? Buffer.from(word) : word;
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n'));
  }
  return Buffer.concat(parts);
}
