import { nodeId, sleep } from '@quorate/core';
import { type ClientEnv, defineScenario, mutualExclusion, type NodeEnv, type Scenario } from '@quorate/sim';
import { createLocks, type Hold, type Lock, type Lockable, type Locks } from '../src/index.ts';

/** What is wrong on purpose, so that the invariants are seen to find it. */
interface Bug {
  /** The resource takes writes without looking at their fences. */
  readonly noFencing?: boolean;
  /** A holder who knows that it lost the lock writes all the same, under the fence of the next one. */
  readonly forgedFence?: boolean;
}

/** A write that a worker asks for. */
interface Write {
  readonly lock: string;
  /** Decimal digits. */
  readonly fence: string;
}

const workers = ['worker-1', 'worker-2', 'worker-3'];
const ttlMs = 400;
const names = ['mutex', 'rw'];
/** What the first client is called. */
const resource = nodeId('client-0');

/**
 * Processes of two tasks each write to resources that only the holder of a lock may change. The locks are in a store that can be
 * cut off, whose answers get lost or come late; processes are killed and stopped, and their clocks run fast, slow and jump.
 */
function fencedWrites(name: string, summary: string, bug: Bug = {}): Scenario {
  return defineScenario({
    name,
    summary,
    nodes: workers,
    clients: 1,
    faults: {
      network: true,
      process: { pauseMaxMs: 2000 },
      clock: { driftMax: 0.1, jumps: true },
    },
    safetyMs: 6000,
    livenessMs: 20_000,
    probes: [
      'the resource refused a fence',
      'a lock was handed on within a process',
      'a lock was lost',
      'a wait was given up',
      'a reader upgraded',
    ],
    // Clocks run fast and slow, so two may believe that they hold a lock: what counts is who may write.
    invariants: [() => mutualExclusion({ exclusive: false })],
    node: env => worker(env, bug),
    client: env => resources(env, bug),
  });
}

/** The resources, which never fail: each knows the highest fence that it has seen. */
async function resources(env: ClientEnv, bug: Bug): Promise<void> {
  const seen = new Map<string, bigint>();
  /** By lock and worker: whether it has written since the faults ended. */
  const wrote = new Set<string>();
  let isCounting = false;
  let onWrite = (): void => {};
  await env.transport.start({
    onMessage(from, message) {
      const { lock, fence: digits } = JSON.parse(new TextDecoder().decode(message)) as Write;
      const fence = BigInt(digits);
      if (fence < (seen.get(lock) ?? 0n) && bug.noFencing !== true) {
        env.reached('the resource refused a fence');
        return;
      }
      seen.set(lock, fence);
      env.observe({ type: 'fenced-write', resource: lock, fence, lock });
      if (isCounting) wrote.add(`${lock} ${from}`);
      onWrite();
    },
  });
  await sleep(env.clock, 6000, { signal: env.workload }).catch(() => {});
  isCounting = true;
  // Once nothing fails any more, everybody has its turn.
  while (wrote.size < workers.length * names.length) {
    await new Promise<void>(resolve => {
      onWrite = resolve;
    });
  }
}

async function worker(env: NodeEnv, bug: Bug): Promise<void> {
  await env.transport.start({ onMessage() {} });
  const locks = createLocks({
    store: env.store,
    clock: env.clock,
    random: env.random.fork('locks'),
    ttlMs,
    handOff: { max: 3, ms: 300 },
  });
  for (const task of [1, 2]) void work(env, locks, bug, task);
}

async function work(env: NodeEnv, locks: Locks, bug: Bug, task: number): Promise<void> {
  for (let turn = 1; ; turn++) {
    await pause(env, 60);
    const lock = names[env.random.below(names.length)] as string;
    const holder = `${env.self}, start ${env.incarnation}, task ${task}, turn ${turn}`;
    try {
      if (lock === 'mutex') await use(env, locks.mutex('m'), lock, holder, bug);
      else await readOrWrite(env, locks, holder, bug);
    } catch {
      // Given up, or the store was not to be had: another turn.
      env.reached('a wait was given up');
    }
  }
}

/** Writes at once, or reads first and writes then. */
async function readOrWrite(env: NodeEnv, locks: Locks, holder: string, bug: Bug): Promise<void> {
  const { read, write } = locks.rw('w');
  if (env.random.below(3) > 0) {
    await use(env, write, 'rw', holder, bug);
    return;
  }
  await using reading = await read.acquire(limits(env));
  await pause(env, 30);
  await using lock = await reading.upgrade({ deadlineMs: 1000 });
  if (lock === undefined) return;
  env.reached('a reader upgraded');
  await writeUnder(env, lock, 'rw', holder, bug);
}

async function use(
  env: NodeEnv,
  lockable: Lockable<Lock>,
  lock: string,
  holder: string,
  bug: Bug,
): Promise<void> {
  await using held = await lockable.acquire(limits(env));
  await writeUnder(env, held, lock, holder, bug);
}

async function writeUnder(
  env: NodeEnv,
  held: Lock & Hold,
  lock: string,
  holder: string,
  bug: Bug,
): Promise<void> {
  const { fence } = held;
  if (fence % 1024n > 0n) env.reached('a lock was handed on within a process');
  env.observe({ type: 'lock-acquired', lock, holder, fence });
  for (let turn = 0; turn < 3; turn++) {
    await pause(env, 80);
    const isLost = held.remainingMs() === 0;
    if (isLost) env.reached('a lock was lost');
    if (isLost && bug.forgedFence !== true) break;
    const write: Write = { lock, fence: `${isLost ? fence + 1n : fence}` };
    env.transport.send(resource, new TextEncoder().encode(JSON.stringify(write)));
  }
  env.observe({ type: 'lock-released', lock, holder });
}

function limits(env: NodeEnv): { readonly deadlineMs: number } {
  return { deadlineMs: 200 + env.random.below(4000) };
}

async function pause(env: NodeEnv, maxMs: number): Promise<void> {
  await sleep(env.clock, env.random.below(maxMs) + 1);
}

export const correct: Scenario = fencedWrites(
  'lock-fenced-writes',
  'Locks over a store with faults of every kind, and resources that look at the fences',
);

export const noFencing: Scenario = fencedWrites(
  'lock-no-fencing',
  'Bug: the resources take writes of holders that lost their locks',
  { noFencing: true },
);

export const forgedFence: Scenario = fencedWrites(
  'lock-forged-fence',
  'Bug: a holder that lost its lock writes under a fence that it was not given',
  { forgedFence: true },
);
