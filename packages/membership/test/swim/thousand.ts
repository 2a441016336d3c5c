import type { MemberChange } from '../../src/index.ts';
import { CoreCluster } from './core-cluster.ts';

/** What came of a long run. */
export interface LongRun {
  readonly messageCount: number;
  readonly eventCount: number;
  /** How often members were told each kind of change while nobody failed. */
  readonly changes: Partial<Record<MemberChange['type'], number>>;
  /** Simulated time until everybody knew everybody. */
  readonly settledMs: number;
  readonly isSettled: boolean;
}

/** Starts members that join by one, lets them know each other, and has them run on for a while. */
export function runLong(count: number, durationMs: number, seed = 'thousand'): LongRun {
  const cluster = new CoreCluster({ seed, count });
  cluster.keepsChanges = false;
  cluster.startAll();
  cluster.until(() => cluster.isSettled(), 300_000, 1000);
  const settledMs = cluster.nowMs;
  const changes: LongRun['changes'] = {};
  cluster.onChange = (_, { type }) => {
    changes[type] = (changes[type] ?? 0) + 1;
  };
  cluster.run(durationMs - settledMs);
  const { messageCount, eventCount } = cluster;
  return { messageCount, eventCount, changes, settledMs, isSettled: cluster.isSettled() };
}
