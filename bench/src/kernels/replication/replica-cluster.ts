import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Started, startProcess } from '../lock/processes.ts';
import type { LogLimits, ReplicaAddress, ReplicaNews, ReplicaOrder, ReplicaTask } from './replica-process.ts';

/** How a cluster of ours is started. */
export interface ReplicaClusterOptions {
  /** On disk and synced, or in memory. */
  readonly durable: boolean;
  /** Default 1,000. */
  readonly electionTimeoutMs?: number;
  readonly logLimits?: LogLimits;
}

const names = ['a', 'b', 'c'];
const leaderMs = 20_000;

/** One replica in a process of its own. */
export class ReplicaMember {
  readonly id: string;
  readonly #task: ReplicaTask;
  #process: Started | undefined;
  #port = 0;

  constructor(task: ReplicaTask) {
    this.id = task.id;
    this.#task = task;
  }

  get isRunning(): boolean {
    return this.#process !== undefined;
  }

  /** `host:port`, the same after each start. */
  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  async listen(): Promise<void> {
    const program = new URL('replica-process.ts', import.meta.url).href;
    this.#process = await startProcess(program, { ...this.#task, port: this.#port });
    this.#port = (await this.#ask<ReplicaAddress>({ type: 'listen' })).port;
  }

  async join(addresses: Readonly<Record<string, string>>): Promise<void> {
    await this.#ask({ type: 'join', addresses });
  }

  async news(): Promise<ReplicaNews> {
    return this.#ask({ type: 'news' });
  }

  /** Writes so many entries, of so many keys, as long as it leads. Returns how many. */
  async fill(count: number, keyCount: number): Promise<number> {
    return this.#ask({ type: 'fill', count, keyCount });
  }

  async snapshot(): Promise<void> {
    await this.#ask({ type: 'snapshot' });
  }

  /** `kill -9`; the process is gone when this settles. */
  async kill(): Promise<void> {
    if (this.#process === undefined) return;
    const { child } = this.#process;
    this.#process = undefined;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  async #ask<Answer>(order: ReplicaOrder): Promise<Answer> {
    return (await this.#process?.answer(order)) as Answer;
  }
}

/** Three replicas in processes of their own, which end with this one. */
export class ReplicaCluster implements AsyncDisposable {
  readonly members: readonly ReplicaMember[];
  readonly #folder: string;

  private constructor({ durable, electionTimeoutMs = 1000, logLimits = {} }: ReplicaClusterOptions) {
    const folder = mkdtempSync(join(tmpdir(), 'quorate-bench-'));
    this.#folder = folder;
    this.members = names.map(
      id =>
        new ReplicaMember({
          id,
          members: names,
          folder: durable ? join(folder, id) : undefined,
          electionTimeoutMs,
          logLimits,
          port: 0,
        }),
    );
  }

  static async start(options: ReplicaClusterOptions): Promise<ReplicaCluster> {
    const cluster = new ReplicaCluster(options);
    try {
      await Promise.all(cluster.members.map(async member => member.listen()));
      await Promise.all(cluster.members.map(async member => member.join(cluster.addresses)));
      await cluster.leader();
    } catch (thrown) {
      await cluster[Symbol.asyncDispose]();
      throw thrown;
    }
    return cluster;
  }

  /** Where each listens, by its name. */
  get addresses(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.members.map(({ id, address }) => [id, address]));
  }

  /** Waits until one of those that run leads. */
  async leader(): Promise<ReplicaMember> {
    const dueMs = performance.now() + leaderMs;
    while (performance.now() < dueMs) {
      for (const member of this.members) {
        if (member.isRunning && (await member.news()).role === 'leader') return member;
      }
      await sleep(10);
    }
    throw new Error(`Cluster must have a leader within ${leaderMs} ms: it had none`);
  }

  /** Starts a member that was killed, on its folder and port, and waits until it has caught up. */
  async restart(member: ReplicaMember): Promise<void> {
    await member.listen();
    await member.join(this.addresses);
    const { applied } = await (await this.leader()).news();
    const dueMs = performance.now() + leaderMs;
    while ((await member.news()).applied < applied) {
      if (performance.now() > dueMs)
        throw new Error(`Replica ${member.id} did not catch up within ${leaderMs} ms`);
      await sleep(10);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.members.map(async member => member.kill()));
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
