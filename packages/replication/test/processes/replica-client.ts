import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Answer, Ask } from './replica-process.ts';

/** A replica in a process of its own. */
export class ReplicaProcess implements AsyncDisposable {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #last = 0;

  private constructor(name: string, child: ChildProcess) {
    this.name = name;
    this.#child = child;
    child.on('message', (answer: Answer) => this.#settle(answer));
    child.on('exit', () => {
      for (const number of this.#waiting.keys()) {
        this.#settle({ number, code: 'EXITED', outcome: 'unknown' });
      }
    });
  }

  static async start(
    name: string,
    folder: string,
    addresses: Record<string, string>,
  ): Promise<ReplicaProcess> {
    const module = join(import.meta.dirname, 'replica-process.ts');
    const child = fork(module, [name, join(folder, name), JSON.stringify(addresses)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const [first] = (await once(child, 'message')) as [Answer];
    if (first.number !== 0) throw new Error(`Replica "${name}" began with an answer`);
    return new ReplicaProcess(name, child);
  }

  ask(question: Omit<Ask, 'number'>): Promise<Answer> {
    const number = ++this.#last;
    return new Promise(resolve => {
      this.#waiting.set(number, resolve);
      if (!this.#child.connected) this.#settle({ number, code: 'EXITED', outcome: 'not-applied' });
      else this.#child.send({ ...question, number } satisfies Ask);
    });
  }

  /** Ends it as nothing can be prepared for. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }

  #settle(answer: Answer): void {
    this.#waiting.get(answer.number)?.(answer);
    this.#waiting.delete(answer.number);
  }
}

/** Addresses on this machine that nobody uses. */
export async function freeAddresses(names: readonly string[]): Promise<Record<string, string>> {
  const addresses: Record<string, string> = {};
  const servers = names.map(() => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map(server => once(server, 'listening')));
  for (const [at, server] of servers.entries()) {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('A port was expected');
    addresses[names[at] as string] = `127.0.0.1:${address.port}`;
  }
  for (const server of servers) server.close();
  return addresses;
}
