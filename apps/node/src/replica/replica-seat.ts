import { groupId, type Journal, nodeId, type NodeId, type StateMachine } from '@quorate/core';
import { folderDisk, openJournal } from '@quorate/journal';
import { createReplica, type Replica, type SharedTransport, shareTransport } from '@quorate/replication';
import { createTcpTransport, type TcpTransport, type TlsCredentials } from '@quorate/transport/tcp';
import { Problem } from '../problem.ts';
import { ReplicatedMap } from './replicated-map.ts';
import { sandboxDisk } from './sandbox-disk.ts';

/** A member of the group: where clients and where replicas reach it. */
export interface ReplicaMember {
  readonly id: string;
  readonly url: string;
  /** `host:port` of its transport. */
  readonly address: string;
}

/** What a seat is told before anybody knows where the others listen. */
export interface SeatTask {
  /** The ids of those with which the group began; the same list for ever. Who joins later is not among them. */
  readonly members: readonly string[];
  /** By which members believe each other: nobody else on this machine can join in. */
  readonly tls: TlsCredentials;
  /** Where the journal is, or where it will be. */
  readonly folder: string;
  readonly electionTimeoutMs: number;
}

/** What all replicas must be given alike. */
export const mapBytesMax: number = 64 * 1024 * 1024;

const replicaGroup = groupId(1);
/** Nobody sends to it: starting it makes the transport listen before there is a replica. */
const listenerGroup = groupId(0);
const snapshotEntries = 2000;
const trailingBytes = 256 * 1024;

interface Seated {
  readonly task: SeatTask;
  readonly tcp: TcpTransport;
  readonly shared: SharedTransport;
  members: readonly ReplicaMember[];
  replica: Replica | undefined;
  map: StateMachine | undefined;
  journal: Journal | undefined;
  readonly stack: AsyncDisposableStack;
}

/**
 * The place for a replica in a node's process. It is empty until the supervisor fills it: first {@link listen}, on all
 * members, then {@link join}, with the addresses that this gave.
 */
export class ReplicaSeat implements AsyncDisposable {
  readonly #id: NodeId;
  readonly #machine: () => StateMachine;
  #seated: Seated | undefined;

  /** @param machine what the log is applied to; for tests that want another */
  constructor(id: string, machine: () => StateMachine = () => new ReplicatedMap(mapBytesMax)) {
    this.#id = nodeId(id);
    this.#machine = machine;
  }

  /** The replica. @throws Problem `NO_REPLICA` */
  get replica(): Replica {
    const replica = this.#seated?.replica;
    if (replica === undefined) {
      throw new Problem(409, 'NO_REPLICA', `Node ${this.#id} hosts no replica: ask one that does`, {
        retryable: true,
      });
    }
    return replica;
  }

  /** How many keys its map holds; 0 where it is another machine. */
  get keyCount(): number {
    const map = this.#seated?.map;
    return map instanceof ReplicatedMap ? map.keyCount : 0;
  }

  /** What the journal keeps entries through: `os` under the permission model, else `fsync`. */
  get durability(): 'memory' | 'os' | 'fsync' {
    return this.#seated?.journal?.capabilities.durability ?? 'memory';
  }

  /** The member of that id, as far as it is known where it is. */
  member(id: string | undefined): ReplicaMember | undefined {
    return this.#seated?.members.find(member => member.id === id);
  }

  /** Opens the transport. @returns where it listens */
  async listen(task: SeatTask): Promise<string> {
    await this[Symbol.asyncDispose]();
    const others = task.members.filter(id => id !== this.#id);
    const stack = new AsyncDisposableStack();
    const tcp = stack.use(
      createTcpTransport({
        self: this.#id,
        cluster: 'demo',
        listen: { host: '127.0.0.1', port: 0 },
        // Nobody knows yet where they listen.
        peers: Object.fromEntries(others.map(id => [id, undefined])),
        tls: task.tls,
      }),
    );
    const shared = shareTransport(tcp);
    this.#seated = {
      task,
      tcp,
      shared,
      members: [],
      replica: undefined,
      map: undefined,
      journal: undefined,
      stack,
    };
    await shared.forGroup(listenerGroup).start({ onMessage() {} });
    return `127.0.0.1:${tcp.address?.port ?? 0}`;
  }

  /**
   * Starts the replica on its journal, whatever is in there.
   *
   * @returns the last entry that the journal held
   * @throws Problem `NO_REPLICA` before {@link listen}
   */
  async join(members: readonly ReplicaMember[]): Promise<number> {
    const seated = this.#seated;
    if (seated === undefined) throw new Problem(409, 'NO_REPLICA', 'A replica must listen before it joins');
    this.moved(members);
    const { folder, electionTimeoutMs } = seated.task;
    // Under the permission model a process may not call `fsync`.
    const disk = process.permission === undefined ? folderDisk(folder) : sandboxDisk(folder);
    const journal = seated.stack.use(await openJournal({ disk }));
    const { last } = journal.recover(replicaGroup);
    const machine = seated.stack.use(this.#machine());
    const replica = await createReplica({
      id: this.#id,
      group: replicaGroup,
      members: seated.task.members.map(nodeId),
      transport: seated.shared.forGroup(replicaGroup),
      journal,
      machine,
      electionTimeoutMs,
      snapshotEntries,
      trailingBytes,
    });
    seated.stack.use(replica);
    seated.map = machine;
    seated.journal = journal;
    seated.replica = replica;
    return last;
  }

  /** Some members are elsewhere now: processes that were started again listen on other ports. */
  moved(members: readonly ReplicaMember[]): void {
    const seated = this.#seated;
    if (seated === undefined) return;
    for (const { id, address } of members) if (id !== this.#id) seated.tcp.addPeer(id, address);
    seated.members = members;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const seated = this.#seated;
    this.#seated = undefined;
    await seated?.stack.disposeAsync();
  }
}
