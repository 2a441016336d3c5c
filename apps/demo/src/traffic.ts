import { type Clock, type Random, sleep } from '@quorate/core';
import type { Cluster } from './cluster.ts';
import type { BatchOperation, KeyAnswer } from './cluster-client.ts';
import type { Ledger, Verdict } from './ledger.ts';

/** What the background traffic has done so far. */
export interface TrafficCounts {
  readonly reads: number;
  readonly writes: number;
  readonly deletes: number;
  /** Requests that were refused or failed and were sent again. */
  readonly retried: number;
  /** The longest that one operation took, with all its repetitions. */
  readonly slowestMs: number;
  /** Reads whose answer broke a promise. */
  readonly violations: number;
}

const lanes = 8;
const retryMs = 20;
const deletesPerThousand = 50;
const readsPerThousand = 350;

/**
 * Clients that read, write and delete the loaded keys without a pause, through nodes picked at random.
 *
 * Each lane owns its keys alone and repeats a write until it is acknowledged, so the {@link Ledger} always knows what a read
 * may show. Every read is judged as it comes.
 */
export class Traffic implements AsyncDisposable {
  readonly #cluster: Cluster;
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #lanes: Promise<void>[];
  #stopped = false;
  /** Operations per second over all lanes. */
  rate: number;
  #counts = { reads: 0, writes: 0, deletes: 0, retried: 0, slowestMs: 0, violations: 0 };
  readonly onViolation: (key: string, verdict: Verdict) => void;

  constructor(
    cluster: Cluster,
    ledger: Ledger,
    random: Random,
    clock: Clock,
    rate: number,
    onViolation: (key: string, verdict: Verdict) => void,
  ) {
    this.#cluster = cluster;
    this.#ledger = ledger;
    this.#clock = clock;
    this.rate = rate;
    this.onViolation = onViolation;
    const keys = [...ledger.keys];
    const laneKeys = Array.from({ length: lanes }, (_, lane) =>
      keys.filter((_, index) => index % lanes === lane),
    );
    this.#lanes = laneKeys
      .filter(own => own.length > 0)
      .map((own, lane) => this.#run(own, random.fork(`lane-${lane}`)));
  }

  get counts(): TrafficCounts {
    return { ...this.#counts, slowestMs: Math.round(this.#counts.slowestMs) };
  }

  /** Counts from here on: what is shown for each change is that change's own. */
  resetCounts(): void {
    this.#counts = { reads: 0, writes: 0, deletes: 0, retried: 0, slowestMs: 0, violations: 0 };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#lanes);
  }

  async #run(keys: readonly string[], random: Random): Promise<void> {
    let dueMs = this.#clock.monotonicMs();
    while (!this.#stopped) {
      await this.#step(keys[random.below(keys.length)] as string, random);
      // Behind schedule, as during a crash, the lane goes on from now: it does not make up for what it missed.
      const nowMs = this.#clock.monotonicMs();
      dueMs = Math.max(dueMs + (1000 * lanes) / this.rate, nowMs);
      await sleep(this.#clock, Math.min(dueMs - nowMs, 1000));
    }
  }

  async #step(key: string, random: Random): Promise<void> {
    const startMs = this.#clock.monotonicMs();
    const draw = random.below(1000);
    if (draw < readsPerThousand) await this.#read(key, random);
    else await this.#write(key, draw < readsPerThousand + deletesPerThousand ? 'delete' : 'put', random);
    this.#counts.slowestMs = Math.max(this.#counts.slowestMs, this.#clock.monotonicMs() - startMs);
  }

  async #read(key: string, random: Random): Promise<void> {
    const before = this.#ledger.expect(key);
    const answer = await this.#untilAnswered(() => ({ op: 'get', key }), random);
    if (answer === undefined) return;
    this.#counts.reads++;
    const verdict = this.#ledger.judge(before, answer);
    if (verdict === 'ok' || verdict === 'died') return;
    this.#counts.violations++;
    this.onViolation(key, verdict);
  }

  async #write(key: string, kind: 'put' | 'delete', random: Random): Promise<void> {
    const value = this.#ledger.issue(key, kind);
    const operation: BatchOperation = kind === 'put' ? { op: kind, key, value } : { op: kind, key };
    let sent = false;
    const answer = await this.#untilAnswered(() => {
      if (sent) this.#ledger.repeat(key);
      sent = true;
      return operation;
    }, random);
    // Stopped before an answer: whether the write was applied is unknown, and the ledger allows for both.
    if (answer === undefined) return;
    this.#ledger.acknowledge(key, kind, answer.version);
    if (kind === 'put') this.#counts.writes++;
    else this.#counts.deletes++;
  }

  async #untilAnswered(operation: () => BatchOperation, random: Random): Promise<KeyAnswer | undefined> {
    while (!this.#stopped) {
      const { members } = this.#cluster;
      const member = members[random.below(Math.max(1, members.length))];
      if (member !== undefined) {
        const answer = await this.#cluster.client.single(member.url, operation()).catch(() => undefined);
        if (answer !== undefined && (answer.status === 200 || answer.status === 404)) return answer;
      }
      this.#counts.retried++;
      await sleep(this.#clock, retryMs);
    }
    return undefined;
  }
}
