import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Clock, QuorateError } from '@quorate/core';
import type { ControlMessage, NodeMessage, ReplicaMember, SeatTask } from '@quorate/node';
import { nodeFlags } from './node-flags.ts';

/** What a node's process is started with. The secrets go over IPC, never into an argument or the environment. */
export interface NodeSecrets {
  readonly clientToken: string;
  readonly peerToken: string;
}

/** What a node's process is started with beside its secrets. */
export interface NodeStart {
  /** The one folder that it may write to. Without it, it may write nowhere and can host no replica. */
  readonly folder?: string;
  /** Another program in place of the node's; for tests. */
  readonly main?: string;
}

/** How a process ended. */
export interface NodeExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** For one that hangs; one that fails says so at once. On a machine with much else to do a start takes ten seconds and more. */
const startDeadlineMs = 60_000;
const stopDeadlineMs = 3000;
const stderrCharsMax = 4000;

/** One node's process: started, stopped, or killed. */
export class NodeProcess {
  readonly id: string;
  readonly url: string;
  readonly pid: number;
  /** Settles when the process is gone, for whatever reason. */
  readonly exit: Promise<NodeExit>;
  readonly folder: string | undefined;
  readonly #child: ChildProcess;
  readonly #clock: Clock;

  private constructor(
    { id, folder }: { readonly id: string; readonly folder: string | undefined },
    url: string,
    child: ChildProcess,
    exit: Promise<NodeExit>,
    clock: Clock,
  ) {
    this.id = id;
    this.folder = folder;
    this.url = url;
    this.pid = child.pid ?? 0;
    this.exit = exit;
    this.#child = child;
    this.#clock = clock;
  }

  /**
   * Starts a node's process and waits until it listens.
   *
   * @throws QuorateError `NODE_START_FAILED` with what it wrote last, when it ends, fails, or says nothing for a minute
   */
  static async start(
    id: string,
    secrets: NodeSecrets,
    clock: Clock,
    { folder, main = mainModule() }: NodeStart = {},
  ): Promise<NodeProcess> {
    const child = fork(main, [], {
      execArgv: nodeFlags(folder),
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
    send(child, { type: 'start', id, ...secrets, ...(folder === undefined ? {} : { folder }) });
    using deadline = clock.setTimer(startDeadlineMs, () => child.kill('SIGKILL'));
    const answer = await Promise.race([firstMessage(child), exit.then(ended)]);
    deadline.cancel();
    if (answer.type === 'ready') return new NodeProcess({ id, folder }, answer.url, child, exit, clock);
    child.kill('SIGKILL');
    await exit;
    const wrote = stderr.trim() === '' ? '' : `. It wrote:\n${stderr.trim()}`;
    throw new QuorateError('NODE_START_FAILED', `Node ${id} did not start: ${reasonOf(answer)}${wrote}`, {
      outcome: 'not-applied',
    });
  }

  /** Makes room for a replica. @returns where it listens. @throws QuorateError `REPLICA_START_FAILED` */
  async listen(task: Omit<SeatTask, 'folder'>): Promise<string> {
    const answer = await this.#ask({ type: 'listen', task: { ...task, folder: this.folder ?? '' } });
    if (answer.type === 'listening') return answer.address;
    throw replicaFailed(this.id, answer);
  }

  /**
   * Starts the replica on the journal in the node's folder.
   *
   * @returns the last entry that the journal held
   * @throws QuorateError `REPLICA_START_FAILED`
   */
  async join(members: readonly ReplicaMember[]): Promise<number> {
    const answer = await this.#ask({ type: 'join', members });
    if (answer.type === 'joined') return answer.last;
    throw replicaFailed(this.id, answer);
  }

  /** Tells where the members of the group are now. */
  moved(members: readonly ReplicaMember[]): void {
    send(this.#child, { type: 'moved', members });
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

  /** One question at a time: the next message is its answer. A process that does not answer is ended. */
  async #ask(message: ControlMessage): Promise<NodeMessage> {
    send(this.#child, message);
    using _deadline = this.#clock.setTimer(startDeadlineMs, () => this.kill());
    return Promise.race([firstMessage(this.#child), this.exit.then(ended)]);
  }
}

function replicaFailed(id: string, answer: NodeMessage): QuorateError {
  return new QuorateError('REPLICA_START_FAILED', `Node ${id} hosts no replica: ${reasonOf(answer)}`, {
    outcome: 'unknown',
  });
}

function reasonOf(answer: NodeMessage): string {
  return answer.type === 'failed' ? answer.message : `it answered ${answer.type}`;
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
