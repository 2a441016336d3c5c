import {
  type Committed,
  type LogIndex,
  seededRandom,
  type StateMachine,
  type StateSnapshot,
  systemClock,
} from '@quorate/core';
import { mapBytesMax, ReplicatedMap } from '@quorate/node';
import { describe, expect, test } from 'vitest';
import { judge } from '../../src/replication/judge.ts';
import { isComplete, readBack } from '../../src/replication/read-back.ts';
import { LocalGroup } from './local-group.ts';

const writes = 250;
const staleWrites = 40;

/** Acknowledges every write, and keeps all but some. */
class ForgetfulMap implements StateMachine {
  readonly #kept = new ReplicatedMap(mapBytesMax);
  readonly #spare = new ReplicatedMap(mapBytesMax);
  #applied = 0 as LogIndex;

  get appliedIndex(): LogIndex {
    return this.#applied;
  }

  apply(commands: readonly Committed[]): readonly Uint8Array[] {
    return commands.map(command => {
      this.#applied = command.index;
      const map = command.index % 5 === 0 ? this.#spare : this.#kept;
      return map.apply([command])[0] ?? new Uint8Array(0);
    });
  }

  query(query: Uint8Array): Uint8Array {
    return this.#kept.query(query);
  }

  snapshot(): StateSnapshot {
    return this.#kept.snapshot();
  }

  async restore(index: LogIndex, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    await this.#kept.restore(index, chunks);
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** Answers half of the reads from a state some writes ago, as a replica would that reads without asking a majority. */
class StaleMap extends ReplicatedMap {
  readonly #before = new ReplicatedMap(mapBytesMax);
  readonly #held: Committed[] = [];
  #queries = 0;

  override apply(commands: readonly Committed[]): readonly Uint8Array[] {
    for (const command of commands) {
      this.#held.push({ ...command, command: Uint8Array.from(command.command) });
      const due = this.#held.length > staleWrites ? this.#held.shift() : undefined;
      if (due !== undefined) this.#before.apply([due]);
    }
    return super.apply(commands);
  }

  override query(query: Uint8Array): Uint8Array {
    return this.#queries++ % 2 === 0 ? this.#before.query(query) : super.query(query);
  }
}

describe('the checks of the second act', () => {
  test('are content with replicas that keep what they acknowledge', async () => {
    await using local = await LocalGroup.start();
    await local.stream(writes);
    const report = await readBack(local.seams, seededRandom(2), 'reader');
    expect(report).toMatchObject({ lost: 0, wrong: 0, unreadable: 0, right: report.keys });
    expect(report.acknowledged).toBeGreaterThanOrEqual(writes);
    const verdict = await judge(local.history, systemClock);
    // On a busy machine a write may be left open, and the history is linearizable with it.
    expect(verdict).toMatchObject({ verdict: 'ok', detail: null });
    expect(verdict.operations).toBeGreaterThan(report.acknowledged + report.keys);
  });

  test('notice replicas that forget writes which they acknowledged', async () => {
    await using local = await LocalGroup.start(() => new ForgetfulMap());
    await local.stream(writes);
    const report = await readBack(local.seams, seededRandom(2), 'reader');
    expect(isComplete(report)).toBe(false);
    expect(report.lost).toBeGreaterThan(0);
    expect((await judge(local.history, systemClock)).verdict).toBe('violation');
  });

  test('notice replicas that answer reads from an older state', async () => {
    await using local = await LocalGroup.start(() => new StaleMap(mapBytesMax));
    await local.stream(writes);
    const verdict = await judge(local.history, systemClock);
    expect(verdict.verdict).toBe('violation');
    expect(verdict.detail).toContain('get "word-');
  });
});
