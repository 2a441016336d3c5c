import { type Clock, errorCode, QuorateError, type Random, sleep } from '@quorate/core';
import { checkAllKeys, type CheckReport, isClean } from './checker.ts';
import { Cluster } from './cluster.ts';
import { type HandedOver, handedOverSince } from './handed-over.ts';
import { Ledger } from './ledger.ts';
import type { KeySet } from './keys.ts';
import { planOf, type MovePlan } from './move-plan.ts';
import { Tape } from './tape.ts';
import { LiveRounds } from './replication/live-rounds.ts';
import { withoutMajorityMs } from './replication/majority-watch.ts';
import { Replication } from './replication/replication.ts';
import type { CatchUpReport } from './replication/revival.ts';
import { Traffic, type TrafficCounts } from './traffic.ts';

/** What loading the keys came to. */
export interface LoadReport {
  readonly keys: number;
  readonly batches: number;
  readonly durationMs: number;
}

/** What a change of the membership came to. */
export interface ChangeReport {
  readonly kind: 'add' | 'remove' | 'kill';
  readonly node: string;
  readonly epoch: number;
  /** From the first message about the change to the last node that had settled. */
  readonly durationMs: number;
  readonly moved: MovePlan;
  readonly handedOver: HandedOver;
  /** For a crash: the keys whose only copy was on the dead node, by the ring; in the middle of another change, at most. */
  readonly keysOnDeadNode: number;
  /** What the background traffic did from the start of the change to the end of the check. */
  readonly traffic: TrafficCounts;
  readonly check: CheckReport;
}

/** How a change can be given up. */
export interface Cancellation {
  readonly signal?: AbortSignal;
  /** Called when it is too late for that. */
  readonly passed?: () => void;
}

/** Everything one run of the demo consists of, and the verbs by which the tour and the page drive it. */
export class Demo implements AsyncDisposable {
  readonly keys: KeySet;
  readonly tape: Tape;
  readonly cluster: Cluster;
  readonly ledger: Ledger = new Ledger();
  readonly #clock: Clock;
  readonly #random: Random;
  #traffic: Traffic | undefined;
  /** The group of replicas, once there is one. */
  replication: Replication | undefined;
  #live: LiveRounds | undefined;
  #checks = 0;
  lastPlan: MovePlan | undefined;
  lastCheck: (CheckReport & { readonly wallMs: number }) | undefined;
  #keysOnDeadNode = 0;

  constructor(keys: KeySet, random: Random, clock: Clock) {
    this.keys = keys;
    this.#clock = clock;
    this.#random = random;
    this.tape = new Tape(clock);
    this.cluster = new Cluster(clock, this.tape);
    this.cluster.onView((before, after) => {
      this.lastPlan = planOf(before, after, this.ledger.keys);
    });
    this.cluster.onCrash((id, view, settled) => {
      const { epoch } = view;
      const wasHolder = (key: string): boolean =>
        view.owner(key) === id || (!settled && view.baseOwner(key) === id);
      const count = this.ledger.markDied(epoch, wasHolder);
      this.#keysOnDeadNode = count;
      this.tape.write(
        'change',
        `${id} died with the only copy of ${settled ? '' : 'at most '}${count} keys of the ring: they are lost, because the ring keeps one copy`,
      );
    });
  }

  async start(nodeCount: number): Promise<void> {
    await this.cluster.start(nodeCount);
    const names = this.cluster.members.map(member => member.id).join(', ');
    this.tape.write('info', `${nodeCount} processes are up: ${names}`);
  }

  /** Writes every key once, in batches, through all nodes. @throws Error when a write is refused */
  async load(): Promise<LoadReport> {
    const batchKeys = 500;
    const startMs = this.#clock.monotonicMs();
    const { keys } = this.keys;
    const starts = Array.from(
      { length: Math.ceil(keys.length / batchKeys) },
      (_, index) => index * batchKeys,
    );
    const batches = starts.length;
    const lane = async (): Promise<void> => {
      for (let start = starts.shift(); start !== undefined; start = starts.shift()) {
        await this.#loadBatch(keys.slice(start, start + batchKeys));
      }
    };
    await Promise.all([lane(), lane(), lane(), lane()]);
    const durationMs = Math.round(this.#clock.monotonicMs() - startMs);
    this.tape.write('info', `${keys.length} keys loaded in ${batches} batches, ${durationMs} ms`);
    return { keys: keys.length, batches, durationMs };
  }

  /** Starts the background traffic, or changes its pace. */
  setTraffic(operationsPerSecond: number): void {
    if (this.#traffic !== undefined) this.#traffic.rate = operationsPerSecond;
    this.#traffic ??= new Traffic(
      this.cluster,
      this.ledger,
      this.#random.fork('traffic'),
      this.#clock,
      operationsPerSecond,
      (key, verdict) => this.tape.write('bad', `A read of ${JSON.stringify(key)} was ${verdict}`),
    );
  }

  async stopTraffic(): Promise<TrafficCounts | undefined> {
    const traffic = this.#traffic;
    this.#traffic = undefined;
    await traffic?.[Symbol.asyncDispose]();
    return traffic?.counts;
  }

  get traffic(): TrafficCounts | undefined {
    return this.#traffic?.counts;
  }

  /** Reads every key back. What breaks a promise goes on the tape. */
  async check(): Promise<CheckReport> {
    const random = this.#random.fork(`check-${++this.#checks}`);
    const report = await checkAllKeys(this.cluster, this.ledger, random, this.#clock);
    this.lastCheck = { ...report, wallMs: this.#clock.wallMs() };
    const { read, ok, lost, stale, wrong, unreadable, died } = report;
    const deaths = died === 0 ? '' : `, ${died} lost with nodes that died`;
    const broken = `${lost} lost, ${stale} stale, ${wrong} wrong, ${unreadable} unreadable`;
    const text = `${read} keys read back: ${ok} right${deaths}; ${isClean(report) ? `none ${died === 0 ? '' : 'else '}lost, none stale` : broken}`;
    this.tape.write(isClean(report) ? 'good' : 'bad', text);
    return report;
  }

  add(): Promise<ChangeReport> {
    return this.#change('add', () => this.cluster.add());
  }

  /**
   * A node that hosts a replica gives its place in the group to one that hosts none, before it hands its keys over.
   *
   * @throws QuorateError `HOSTS_REPLICA`, `CANCELLED`, `NO_MAJORITY`, and what else the group and the cluster throw
   */
  async remove(id: string, cancel: Cancellation = {}): Promise<ChangeReport> {
    await this.#giveUpPlace(id, cancel.signal);
    if (cancel.signal?.aborted === true) throw this.#cancelled(id);
    cancel.passed?.();
    return this.#change('remove', async () => {
      const end = await this.cluster.remove(id);
      const text =
        end === 'drained' ? 'has handed everything over and stopped' : 'died before it had handed over all';
      this.tape.write('change', `${id} ${text}`);
      return id;
    });
  }

  async #giveUpPlace(id: string, signal: AbortSignal | undefined): Promise<void> {
    const { replication } = this;
    if (replication === undefined) return;
    const { group } = replication;
    try {
      await replication.settle();
      if (!group.has(id) || !group.isRunning(id)) return;
      const heir = this.cluster.processes.find(node => !group.has(node.id));
      if (heir === undefined) {
        const detail = `${id} hosts a replica, and no other node could take its place: add one first`;
        throw new QuorateError('HOSTS_REPLICA', detail, { outcome: 'not-applied' });
      }
      await replication.replace(id, heir, signal);
    } catch (error) {
      if (signal?.aborted === true) throw this.#cancelled(id);
      if (errorCode(error) !== 'NO_MAJORITY') throw error;
      const detail = `${id} stays. ${(error as Error).message}. Start them again, then remove it`;
      this.tape.write('change', detail);
      throw new QuorateError('NO_MAJORITY', detail, { outcome: 'not-applied', retryable: true });
    }
  }

  #cancelled(id: string): QuorateError {
    const detail = `${id} stays: its removal was cancelled`;
    this.tape.write('change', detail);
    return new QuorateError('CANCELLED', detail, { outcome: 'not-applied' });
  }

  kill(id: string): Promise<ChangeReport> {
    return this.#change('kill', async () => {
      await this.cluster.kill(id);
      return id;
    });
  }

  /** Makes the living nodes host a replication group, topped up to as many as a group of so many nodes has. */
  async replicate(nodeCount: number): Promise<Replication> {
    const size = Replication.sizeFor(nodeCount);
    while (this.cluster.members.length < size) await this.cluster.add();
    this.replication = new Replication(
      this.cluster,
      this.tape,
      this.#random.fork('replication'),
      this.#clock,
    );
    await this.replication.start(size);
    return this.replication;
  }

  /** Goes on with the replicas after the tour: a quiet stream, judged in rounds, and nodes that come back by themselves. */
  goLive(): void {
    const { replication } = this;
    if (replication === undefined) return;
    replication.goLive();
    this.#live ??= new LiveRounds(replication, this.keys.keys, this.#clock);
  }

  /** Starts a replica's node again that has died. @throws QuorateError `NO_REPLICA`, `NODE_RUNS`, `NO_MAJORITY` */
  async startAgain(id: string): Promise<CatchUpReport> {
    const { replication } = this;
    if (replication?.group.has(id) !== true) {
      throw new QuorateError('NO_REPLICA', `${id} hosts no replica`, { outcome: 'not-applied' });
    }
    if (replication.group.isRunning(id)) {
      throw new QuorateError('NODE_RUNS', `${id} runs already`, { outcome: 'not-applied' });
    }
    return replication.startAgain(id, { withoutMajorityMs });
  }

  /** Waits on the demo's clock. */
  pause(durationMs: number): Promise<void> {
    return sleep(this.#clock, durationMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.replication?.close();
    await Promise.all([this.stopTraffic(), this.#live?.close(), this.cluster[Symbol.asyncDispose]()]);
  }

  async #loadBatch(keys: readonly string[]): Promise<void> {
    const { members } = this.cluster;
    const member = members[this.#random.below(members.length)];
    const operations = keys.map(key => ({ op: 'put' as const, key, value: this.ledger.issue(key, 'put') }));
    const answers = await this.cluster.client.batch(member?.url ?? '', operations);
    for (const [index, answer] of answers.entries()) {
      const key = keys[index] ?? '';
      if (answer.status !== 200)
        throw new Error(`Loading ${JSON.stringify(key)} was refused: ${answer.code}`);
      this.ledger.acknowledge(key, 'put', answer.version);
    }
  }

  async #change(kind: ChangeReport['kind'], act: () => Promise<string>): Promise<ChangeReport> {
    const before = this.cluster.view;
    const statusesBefore = await this.cluster.statuses();
    this.#traffic?.resetCounts();
    this.#keysOnDeadNode = 0;
    const startMs = this.#clock.monotonicMs();
    const node = await act();
    const durationMs = Math.round(this.#clock.monotonicMs() - startMs);
    const handedOver = handedOverSince(statusesBefore, await this.cluster.statuses());
    const moved = planOf(before, this.cluster.view, this.ledger.keys);
    const check = await this.check();
    const traffic = this.traffic ?? noTraffic;
    const keysOnDeadNode = this.#keysOnDeadNode;
    const { epoch } = this.cluster.view;
    return {
      kind,
      node,
      epoch,
      durationMs,
      moved,
      handedOver,
      keysOnDeadNode,
      traffic,
      check,
    };
  }
}

const noTraffic: TrafficCounts = { reads: 0, writes: 0, deletes: 0, retried: 0, slowestMs: 0, violations: 0 };
