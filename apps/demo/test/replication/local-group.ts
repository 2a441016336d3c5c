import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type StateMachine, seededRandom, systemClock } from '@quorate/core';
import { type ClusterNode, createToken, startClusterNode } from '@quorate/node';
import type { CallerSeams } from '../../src/replication/caller.ts';
import { History } from '../../src/replication/history.ts';
import { Replacement } from '../../src/replication/replacement.ts';
import { ReplicaGroup, type ReplicaHost } from '../../src/replication/replica-group.ts';
import { ReplicatedClient } from '../../src/replication/replicated-client.ts';
import { Stream } from '../../src/replication/stream.ts';

/** A group of three replicas on nodes of this process, and what the demo judges it by. */
export class LocalGroup implements AsyncDisposable {
  readonly group: ReplicaGroup;
  readonly replacement: Replacement;
  /** What became of changes that had been given up. */
  readonly late: string[] = [];
  readonly history: History = new History(systemClock);
  readonly #clientToken = createToken();
  readonly #folder = mkdtempSync(join(tmpdir(), 'quorate-local-'));
  readonly #nodes = new Map<string, ClusterNode>();

  readonly #peerToken: string;
  readonly #machine: (() => StateMachine) | undefined;

  private constructor(peerToken: string, machine: (() => StateMachine) | undefined) {
    this.#peerToken = peerToken;
    this.#machine = machine;
    this.group = new ReplicaGroup(systemClock, new ReplicatedClient(peerToken, systemClock));
    this.replacement = new Replacement(this.group, systemClock, (id, host, isMade) =>
      this.late.push(`${host} for ${id}: ${isMade ? 'made' : 'undone'}`),
    );
  }

  static async start(machine?: () => StateMachine): Promise<LocalGroup> {
    const peerToken = createToken();
    const local = new LocalGroup(peerToken, machine);
    await local.group.start([await local.host('n1'), await local.host('n2'), await local.host('n3')]);
    await local.group.leader();
    return local;
  }

  /** Starts a node that can host a replica. */
  async host(id: string): Promise<ReplicaHost> {
    const node = await startClusterNode({
      id,
      clientToken: this.#clientToken,
      peerToken: this.#peerToken,
      ...(this.#machine === undefined ? {} : { machine: this.#machine }),
    });
    this.#nodes.set(id, node);
    const { url, seat } = node;
    return {
      id,
      url,
      listen: task => seat.listen({ ...task, folder: join(this.#folder, id) }),
      join: async members => seat.join(members),
      moved: members => seat.moved(members),
    };
  }

  /** Ends a node, as the supervisor sees it. */
  async stop(id: string): Promise<void> {
    await this.#nodes.get(id)?.stop(0);
    this.group.gone(id);
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
    this.replacement.close();
    await Promise.all([...this.#nodes.values()].map(node => node.stop(0)));
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
