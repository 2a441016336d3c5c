import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type StateMachine, seededRandom, systemClock } from '@quorate/core';
import { type ClusterNode, createToken, startClusterNode } from '@quorate/node';
import type { CallerSeams } from '../../src/replication/caller.ts';
import { History } from '../../src/replication/history.ts';
import { ReplicaGroup } from '../../src/replication/replica-group.ts';
import { ReplicatedClient } from '../../src/replication/replicated-client.ts';
import { Stream } from '../../src/replication/stream.ts';

/** A group of three replicas on nodes of this process, and what the demo judges it by. */
export class LocalGroup implements AsyncDisposable {
  readonly group: ReplicaGroup;
  readonly history: History = new History(systemClock);
  readonly #clientToken = createToken();
  readonly #folder = mkdtempSync(join(tmpdir(), 'quorate-local-'));
  readonly #nodes: ClusterNode[] = [];

  private constructor(peerToken: string) {
    this.group = new ReplicaGroup(systemClock, new ReplicatedClient(peerToken, systemClock));
  }

  static async start(machine?: () => StateMachine): Promise<LocalGroup> {
    const peerToken = createToken();
    const local = new LocalGroup(peerToken);
    const made = machine === undefined ? {} : { machine };
    for (const id of ['n1', 'n2', 'n3']) {
      const clientToken = local.#clientToken;
      local.#nodes.push(await startClusterNode({ id, clientToken, peerToken, ...made }));
    }
    await local.group.start(
      local.#nodes.map(({ id, url, seat }) => ({
        id,
        url,
        listen: task => seat.listen({ ...task, folder: join(local.#folder, id) }),
        join: members => seat.join(members),
        moved: members => seat.moved(members),
      })),
    );
    await local.group.leader();
    return local;
  }

  get seams(): CallerSeams {
    const client = new ReplicatedClient(this.#clientToken, systemClock);
    return { client, urls: () => this.group.urls, history: this.history, clock: systemClock };
  }

  /** Runs the demo's stream until so many writes are acknowledged. */
  async stream(writes: number): Promise<void> {
    const keys = Array.from({ length: 1000 }, (_, index) => `word-${index}`);
    const stream = new Stream(keys, this.seams, seededRandom(1), 2000);
    const endMs = performance.now() + 60_000;
    while (this.history.acknowledged.length < writes && performance.now() < endMs) {
      await new Promise(resolve => setTimeout(resolve, 5));
    }
    await stream.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#nodes.map(node => node.stop(0)));
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
