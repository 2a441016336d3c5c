import { CoreCluster } from './core-cluster.ts';

/** One run: members of whom some are slow, and none ever fails. */
export interface SlowMembersOptions {
  readonly seed: string;
  readonly count: number;
  readonly slowCount: number;
  /** `stall`: no messages go in or out, timers run. `block`: nothing runs. */
  readonly how: 'stall' | 'block';
  /** How long a slow member is so at a time, at most; each time is drawn. */
  readonly slowMaxMs: number;
  /** How long it runs in between, at most. */
  readonly runningMaxMs: number;
  readonly durationMs: number;
  readonly lifeguard: boolean;
  /** Whether members are told how late they run. */
  readonly reportsDelay: boolean;
}

/** What was declared dead although nobody was, counted at each member that declared it or believed it. */
export interface FalsePositives {
  /** Of members that were never slow: what a slow one must not do to others. */
  readonly ofHealthy: number;
  /** Of slow ones, which answer late. */
  readonly ofSlow: number;
}

/** Runs members of whom some are starved, as in Lifeguard's interval experiment (§V). */
export function runSlowMembers(options: SlowMembersOptions): FalsePositives {
  const { seed, count, slowCount, durationMs, lifeguard, reportsDelay } = options;
  const cluster = new CoreCluster({ seed, count, reportsDelay, tuning: { lifeguard } });
  cluster.startAll();
  cluster.until(() => cluster.isSettled(), 120_000, 1000);
  cluster.run(60_000);
  cluster.changes.length = 0;
  for (let at = count - slowCount; at < count; at++) starve(cluster, at, options, cluster.nowMs + durationMs);
  cluster.run(durationMs);
  const failed = cluster.told('failed');
  const ofHealthy = failed.filter(({ of }) => of < count - slowCount).length;
  return { ofHealthy, ofSlow: failed.length - ofHealthy };
}

function starve(cluster: CoreCluster, at: number, options: SlowMembersOptions, untilMs: number): void {
  const { random } = cluster.seat(at);
  const runMs = random.float() * options.runningMaxMs;
  cluster.at(cluster.nowMs + runMs, () => {
    if (cluster.nowMs >= untilMs) return;
    const slowMs = random.float() * options.slowMaxMs;
    cluster[options.how](at, slowMs);
    cluster.at(cluster.nowMs + slowMs, () => starve(cluster, at, options, untilMs));
  });
}
