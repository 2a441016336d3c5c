import { type Clock, errorCode, type Random, sleep } from '@quorate/core';
import type { Cluster } from './cluster.ts';
import type { KeyAnswer } from './cluster-client.ts';
import type { Expectation, Ledger, Verdict } from './ledger.ts';

/** What reading every key back came to. */
export interface CheckReport {
  readonly read: number;
  readonly ok: number;
  readonly lost: number;
  readonly stale: number;
  readonly wrong: number;
  /** Gone with a node that was killed. */
  readonly died: number;
  /** Not readable within the deadline. */
  readonly unreadable: number;
  /** How many of the nodes were asked. */
  readonly throughNodes: number;
  readonly durationMs: number;
  /** Up to five keys that were neither ok nor died. */
  readonly examples: readonly { readonly key: string; readonly verdict: string }[];
}

const batchKeys = 500;
const lanes = 4;
const retryMs = 50;
const deadlineMs = 10_000;

/**
 * Reads ALL keys back, each through a node picked at random, and compares value and version with what was acknowledged.
 *
 * It may run while writes go on: see {@link Ledger}.
 */
export async function checkAllKeys(
  cluster: Cluster,
  ledger: Ledger,
  random: Random,
  clock: Clock,
): Promise<CheckReport> {
  const startMs = clock.monotonicMs();
  const counts: Record<Verdict | 'unreadable', number> = {
    ok: 0,
    lost: 0,
    stale: 0,
    wrong: 0,
    died: 0,
    unreadable: 0,
  };
  const examples: { key: string; verdict: string }[] = [];
  const through = new Set<string>();
  const chunks = chunksOf([...ledger.keys], batchKeys);
  const lane = async (): Promise<void> => {
    for (let keys = chunks.pop(); keys !== undefined; keys = chunks.pop()) {
      const verdicts = await new ChunkReader(cluster, ledger, random, clock, through).read(keys);
      for (const [index, verdict] of verdicts.entries()) {
        counts[verdict]++;
        if (verdict !== 'ok' && verdict !== 'died' && examples.length < 5) {
          examples.push({ key: keys[index] ?? '', verdict });
        }
      }
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  const durationMs = Math.round(clock.monotonicMs() - startMs);
  return { read: ledger.size, ...counts, throughNodes: through.size, durationMs, examples };
}

/** Whether a report breaks no promise. */
export function isClean(report: CheckReport): boolean {
  return report.lost + report.stale + report.wrong + report.unreadable === 0;
}

class ChunkReader {
  readonly #cluster: Cluster;
  readonly #ledger: Ledger;
  readonly #random: Random;
  readonly #clock: Clock;
  readonly #through: Set<string>;

  constructor(cluster: Cluster, ledger: Ledger, random: Random, clock: Clock, through: Set<string>) {
    this.#cluster = cluster;
    this.#ledger = ledger;
    this.#random = random;
    this.#clock = clock;
    this.#through = through;
  }

  /** One verdict per key. What is refused for the moment is asked for again, through another node. */
  async read(keys: readonly string[]): Promise<(Verdict | 'unreadable')[]> {
    const verdicts = Array.from<Verdict | 'unreadable'>({ length: keys.length }).fill('unreadable');
    const endMs = this.#clock.monotonicMs() + deadlineMs;
    let open = keys.map((_, index) => index);
    for (;;) {
      const asked = open.map(index => this.#ledger.expect(keys[index] ?? ''));
      const answers = await this.#ask(asked);
      const again: number[] = [];
      for (const [position, index] of open.entries()) {
        const answer = answers[position];
        if (answer === undefined || (answer.status !== 200 && answer.status !== 404)) again.push(index);
        else verdicts[index] = this.#ledger.judge(asked[position] as Expectation, answer);
      }
      if (again.length === 0 || this.#clock.monotonicMs() > endMs) return verdicts;
      open = again;
      await sleep(this.#clock, retryMs);
    }
  }

  async #ask(asked: readonly Expectation[]): Promise<KeyAnswer[]> {
    const { members } = this.#cluster;
    const member = members[this.#random.below(Math.max(1, members.length))];
    if (member === undefined) return [];
    try {
      const operations = asked.map(({ key }) => ({ op: 'get' as const, key }));
      const answers = await this.#cluster.client.batch(member.url, operations);
      this.#through.add(member.id);
      return answers;
    } catch (error) {
      // A node that is gone, stopping or overloaded: the next try goes through another.
      if (error instanceof TypeError || errorCode(error) !== undefined) return [];
      throw error;
    }
  }
}

function chunksOf<T>(items: readonly T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let start = 0; start < items.length; start += size) chunks.push(items.slice(start, start + size));
  return chunks;
}
