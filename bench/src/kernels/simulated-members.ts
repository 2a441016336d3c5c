import type { Kernel, Quantity } from '../suite.ts';

/** What the package's tests run a thousand members with: see `packages/membership/test/swim`. */
interface Runs {
  readonly runLong: (
    count: number,
    durationMs: number,
  ) => { readonly messageCount: number; readonly eventCount: number; readonly isSettled: boolean };
  readonly runSlowMembers: (options: {
    readonly seed: string;
    readonly count: number;
    readonly slowCount: number;
    readonly how: 'stall' | 'block';
    readonly slowMaxMs: number;
    readonly runningMaxMs: number;
    readonly durationMs: number;
    readonly lifeguard: boolean;
    readonly reportsDelay: boolean;
  }) => { readonly ofHealthy: number; readonly ofSlow: number };
}

/** Found through the package, so that a build that is measured brings its own along: they reach into its sources. */
async function runs(): Promise<Runs> {
  const folder = new URL('./test/swim/', import.meta.resolve('@quorate/membership/package.json'));
  const [thousand, slow] = await Promise.all([
    import(new URL('thousand.ts', folder).href) as Promise<Pick<Runs, 'runLong'>>,
    import(new URL('slow-members.ts', folder).href) as Promise<Pick<Runs, 'runSlowMembers'>>,
  ]);
  return { runLong: thousand.runLong, runSlowMembers: slow.runSlowMembers };
}

/** Members join and run on in each call; an operation is a message. */
export async function memberMessages(count: number, durationMs: number): Promise<Kernel> {
  const { runLong } = await runs();
  const run = (): number => {
    const { messageCount, eventCount, isSettled } = runLong(count, durationMs);
    if (!isSettled) throw new Error('Members must know each other at the end');
    return Math.imul(messageCount, 31) + eventCount;
  };
  return { ops: runLong(count, durationMs).messageCount, run };
}

/** Seconds of processor time that it takes to simulate members for so long, their joining included. */
export async function memberSeconds(count: number, durationMs: number): Promise<Quantity> {
  const { runLong } = await runs();
  const before = process.cpuUsage();
  const { isSettled } = runLong(count, durationMs);
  if (!isSettled) throw new Error('Members must know each other at the end');
  const { user, system } = process.cpuUsage(before);
  return { quantity: (user + system) / 1e6 };
}

/** Healthy members that others took for dead where a tenth of all handles messages only now and then, and one more: see the suite. */
export async function falsePositives(
  count: number,
  slowMaxMs: number,
  lifeguard: boolean,
  seedCount: number,
): Promise<Quantity> {
  const { runSlowMembers } = await runs();
  let quantity = 1;
  for (let seed = 1; seed <= seedCount; seed++) {
    const options = { count, slowCount: count / 10, how: 'stall' as const, slowMaxMs, runningMaxMs: 500 };
    const run = { seed: `bench ${seed}`, durationMs: 300_000, lifeguard, reportsDelay: lifeguard };
    quantity += runSlowMembers({ ...options, ...run }).ofHealthy;
  }
  return { quantity };
}
