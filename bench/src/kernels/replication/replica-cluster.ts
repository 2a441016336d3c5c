import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startProcess } from '../lock/processes.ts';
import type { ReplicaAddress, ReplicaNews, ReplicaOrder, ReplicaTask } from './replica-process.ts';

/** How a cluster of ours is started. */
export interface ReplicaClusterOptions {
  /** On disk and synced, or in memory. */
  readonly durable: boolean;
  readonly electionTimeoutMs?: number;
}

/** One replica in a process of its own. */
export interface ReplicaMember {
  readonly id: string;
  readonly child: ChildProcess;
  readonly port: number;
  news(): Promise<ReplicaNews>;
}

const members = ['a', 'b', 'c'];
const leaderMs = 20_000;

/** Three replicas in processes of their own, which end with this one. */
export class ReplicaCluster implements AsyncDisposable {
  readonly members: readonly ReplicaMember[];
  readonly #folder: string;

  private constructor(started: readonly ReplicaMember[], folder: string) {
    this.members = started;
    this.#folder = folder;
  }

  static async start({ durable, electionTimeoutMs = 1000 }: ReplicaClusterOptions): Promise<ReplicaCluster> {
    const folder = mkdtempSync(join(tmpdir(), 'quorate-bench-'));
    const program = new URL('replica-process.ts', import.meta.url).href;
    const started = await Promise.all(
      members.map(async id => {
        const own = durable ? join(folder, id) : undefined;
        const task: ReplicaTask = { id, members, folder: own, electionTimeoutMs };
        const { child, answer } = await startProcess(program, task);
        const ask = async <Answer>(order: ReplicaOrder): Promise<Answer> => (await answer(order)) as Answer;
        const { port } = await ask<ReplicaAddress>({ type: 'listen' });
        return { id, child, port, ask };
      }),
    );
    const addresses = Object.fromEntries(started.map(({ id, port }) => [id, `127.0.0.1:${port}`]));
    await Promise.all(started.map(async ({ ask }) => ask({ type: 'join', addresses })));
    const cluster = new ReplicaCluster(
      started.map(({ id, child, port, ask }) => ({
        id,
        child,
        port,
        news: async () => ask({ type: 'news' }),
      })),
      folder,
    );
    await cluster.leader();
    return cluster;
  }

  /** Waits until one of those that run leads. */
  async leader(): Promise<ReplicaMember> {
    const dueMs = performance.now() + leaderMs;
    while (performance.now() < dueMs) {
      for (const member of this.members) {
        if (member.child.exitCode !== null || member.child.signalCode !== null) continue;
        if ((await member.news()).role === 'leader') return member;
      }
      await sleep(10);
    }
    throw new Error(`Cluster must have a leader within ${leaderMs} ms: it had none`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      this.members.map(async ({ child }) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const gone = once(child, 'exit');
        child.kill('SIGKILL');
        await gone;
      }),
    );
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
