import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Clock, QuorateError } from '@quorate/core';
import type { ControlMessage, NodeMessage } from '@quorate/node';
import { nodeFlags } from './node-flags.ts';

/** What a node's process is started with. The secrets go over IPC, never into an argument or the environment. */
export interface NodeSecrets {
  readonly clientToken: string;
  readonly peerToken: string;
}

/** How a process ended. */
export interface NodeExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const startDeadlineMs = 15_000;
const stopDeadlineMs = 3000;
const stderrCharsMax = 4000;

/** One node's process: started, stopped, or killed. */
export class NodeProcess {
  readonly id: string;
  readonly url: string;
  readonly pid: number;
  /** Settles when the process is gone, for whatever reason. */
  readonly exit: Promise<NodeExit>;
  readonly #child: ChildProcess;
  readonly #clock: Clock;

  private constructor(id: string, url: string, child: ChildProcess, exit: Promise<NodeExit>, clock: Clock) {
    this.id = id;
    this.url = url;
    this.pid = child.pid ?? 0;
    this.exit = exit;
    this.#child = child;
    this.#clock = clock;
  }

  /**
   * Starts a node's process and waits until it listens.
   *
   * @throws QuorateError `NODE_START_FAILED` with what it wrote last, when it ends, fails, or says nothing for 15 seconds
   */
  static async start(
    id: string,
    secrets: NodeSecrets,
    clock: Clock,
    main = mainModule(),
  ): Promise<NodeProcess> {
    const child = fork(main, [], {
      execArgv: nodeFlags(),
      env: {},
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let stderr = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-stderrCharsMax);
    });
    const exit = new Promise<NodeExit>(resolve => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
      child.once('error', () => resolve({ code: null, signal: null }));
    });
    send(child, { type: 'start', id, ...secrets });
    using deadline = clock.setTimer(startDeadlineMs, () => child.kill('SIGKILL'));
    const answer = await Promise.race([firstMessage(child), exit.then(ended)]);
    deadline.cancel();
    if (answer.type === 'ready') return new NodeProcess(id, answer.url, child, exit, clock);
    child.kill('SIGKILL');
    await exit;
    const wrote = stderr.trim() === '' ? '' : `. It wrote:\n${stderr.trim()}`;
    throw new QuorateError('NODE_START_FAILED', `Node ${id} did not start: ${answer.message}${wrote}`, {
      outcome: 'not-applied',
    });
  }

  /** Asks the process to finish what it has and end; one that does not within 3 seconds is killed. */
  async stop(): Promise<NodeExit> {
    send(this.#child, { type: 'stop' });
    const timer = this.#clock.setTimer(stopDeadlineMs, () => this.kill());
    try {
      return await this.exit;
    } finally {
      timer.cancel();
    }
  }

  /** `kill -9`: it gets no chance to say good-bye. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

function mainModule(): string {
  return fileURLToPath(import.meta.resolve('@quorate/node/main'));
}

/** A process that has just ended cannot be told anything: its exit says all there is. */
function send(child: ChildProcess, message: ControlMessage): void {
  if (child.connected) child.send(message, () => {});
}

function firstMessage(child: ChildProcess): Promise<NodeMessage> {
  return new Promise(resolve => child.once('message', message => resolve(message as NodeMessage)));
}

function ended({ code, signal }: NodeExit): NodeMessage {
  const how = signal === null ? `it exited with code ${code}` : `it was ended by ${signal}`;
  return { type: 'failed', code: 'NODE_ENDED', message: how };
}
