import { ManualClock, type NodeId, nodeId, seededRandom, type Transport } from '@quorate/core';
import { createInProcessNetwork, type InProcessNetwork } from '@quorate/transport';
import { createReplica } from '../../src/replica/create-replica.ts';
import type { Replica } from '../../src/replica/replica.ts';
import type { ReplicaEvent } from '../../src/replica/replica-event.ts';
import type { ReplicaOptions } from '../../src/replica/replica-options.ts';
import { MemoryJournal } from './memory-journal.ts';
import { TallyMachine } from './tally-machine.ts';

/** One member of a {@link Group}, while it runs. */
export interface Member {
  readonly id: NodeId;
  readonly clock: ManualClock;
  readonly journal: MemoryJournal;
  readonly machine: TallyMachine;
  readonly transport: Transport;
  readonly replica: Replica;
  readonly events: ReplicaEvent[];
}

export type GroupOptions = Partial<Omit<ReplicaOptions, 'members'>> & {
  readonly seed?: number;
  readonly messageMaxBytes?: number;
};

/** What one member has of its own. */
export type StartOptions = GroupOptions & {
  readonly machine?: TallyMachine;
  /** See {@link MemoryJournal.chunksMax}. */
  readonly chunksMax?: number;
};

/** Replicas in one thread, whose time passes when a test says so: each millisecond everything that is ready happens. */
export class Group implements AsyncDisposable {
  readonly members = new Map<NodeId, Member>();
  readonly #names: readonly NodeId[];
  readonly #options: GroupOptions;
  readonly #network: InProcessNetwork;
  #starts = 0;

  private constructor(names: readonly string[], options: GroupOptions) {
    this.#names = names.map(nodeId);
    this.#options = options;
    this.#network = createInProcessNetwork({ messageMaxBytes: options.messageMaxBytes });
  }

  static async start(names: readonly string[] = ['a', 'b', 'c'], options: GroupOptions = {}): Promise<Group> {
    const group = new Group(names, options);
    for (const name of names) await group.start(name);
    return group;
  }

  /** Starts a member, with what its journal held before, if it was here. */
  async start(name: string, options: StartOptions = {}): Promise<Member> {
    const id = nodeId(name);
    const journal = this.members.get(id)?.journal.crash() ?? new MemoryJournal();
    const { machine = new TallyMachine(), chunksMax = Number.POSITIVE_INFINITY, ...own } = options;
    journal.chunksMax = chunksMax;
    const { seed = 1, messageMaxBytes: _, ...shared } = this.#options;
    const clock = new ManualClock({ wallMs: 1_000_000 });
    const transport = this.#network.transport(id);
    const replica = await createReplica({
      id,
      members: this.#names,
      transport,
      journal,
      machine,
      clock,
      random: seededRandom(seed).fork(`${name} ${this.#starts++}`),
      electionTimeoutMs: 100,
      ...shared,
      ...own,
    });
    const events: ReplicaEvent[] = [];
    replica.subscribe(event => void events.push(event));
    const member = { id, clock, journal, machine, transport, replica, events };
    this.members.set(id, member);
    return member;
  }

  /** Ends a member as a crash would: its peers notice, and nothing of it goes on. */
  async crash(name: string): Promise<void> {
    const member = this.get(name);
    this.isolate(name);
    member.journal.crash();
    await this.#leave(member);
    for (const other of this.members.keys()) if (other !== name) this.#network.heal(member.id, other);
  }

  get(name: string): Member {
    const member = this.members.get(nodeId(name));
    if (member === undefined) throw new Error(`There is no member "${name}"`);
    return member;
  }

  get running(): readonly Member[] {
    return [...this.members.values()].filter(({ replica }) => replica.status().state === 'running');
  }

  /** Cuts a member off from all others. */
  isolate(name: string): void {
    for (const other of this.members.keys()) if (other !== name) this.#network.cut(nodeId(name), other);
  }

  rejoin(name: string): void {
    for (const other of this.members.keys()) if (other !== name) this.#network.heal(nodeId(name), other);
  }

  cut(one: string, other: string): void {
    this.#network.cut(nodeId(one), nodeId(other));
  }

  heal(one: string, other: string): void {
    this.#network.heal(nodeId(one), nodeId(other));
  }

  /** Lets time pass for everybody, or for those who are named. */
  async pass(durationMs: number, ...names: readonly string[]): Promise<void> {
    for (let ms = 0; ms < durationMs; ms++) {
      for (const { clock, id } of this.members.values()) {
        if (names.length === 0 || names.includes(id)) clock.advance(1);
      }
      await settle();
    }
  }

  /** Lets time pass until something is so. */
  async until<Value>(what: () => Value | undefined | false, limitMs = 5000): Promise<Value> {
    for (let ms = 0; ms < limitMs; ms++) {
      const value = what();
      if (value !== undefined && value !== false) return value;
      await this.pass(1);
    }
    throw new Error(`It was not so within ${limitMs} ms: ${what.toString()}`);
  }

  /** The leader that a majority follows. */
  leader(): Promise<Member> {
    return this.until(() => {
      const { running } = this;
      return running.find(({ id, replica }) => {
        const { role, term } = replica.status();
        const followers = running.filter(other => {
          const status = other.replica.status();
          return status.leader === id && status.term === term;
        });
        return role === 'leader' && followers.length * 2 > this.#names.length;
      });
    });
  }

  async followers(): Promise<readonly Member[]> {
    const leader = await this.leader();
    return this.running.filter(member => member !== leader);
  }

  /** Settles with the promise, while time passes. */
  async settled<Value>(promise: Promise<Value>, limitMs = 5000): Promise<Value> {
    const state = { isSettled: false };
    const end = (): void => void (state.isSettled = true);
    promise.then(end, end);
    for (let ms = 0; ms < limitMs && !state.isSettled; ms++) {
      await settle();
      if (!state.isSettled) await this.pass(1);
    }
    if (!state.isSettled) throw new Error(`It was not settled within ${limitMs} ms`);
    return await promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const member of this.members.values()) await this.#leave(member);
  }

  async #leave({ replica, journal, transport }: Member): Promise<void> {
    journal.resume();
    journal.chunksMax = Number.POSITIVE_INFINITY;
    await replica[Symbol.asyncDispose]();
    await transport[Symbol.asyncDispose]();
  }
}

/** Lets everything happen that is ready: a few turns of the event loop, for messages that answer messages. */
export async function settle(turns = 4): Promise<void> {
  for (let count = 0; count < turns; count++) await new Promise<void>(resolve => void setImmediate(resolve));
}
