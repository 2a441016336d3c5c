import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import type { Bench, Kernel, Setup } from '../suite.ts';

/** What the parameter `cores` of a bench says of cores that have nothing to do: kept awake, or free to sleep. */
type Cores = 'awake' | 'free';

/** Linux's class for what runs only where nothing else wants to: its threads give way at once, and a core with one counts as idle. */
const idleClass = ['chrt', '--idle', '0'] as const;
/** Ends with the process that it is told of, whatever ends that. */
const spin = 'while kill -0 "$0"; do :; done';

/** Why cores cannot be kept awake here, if they cannot. */
function whyNotAwake(): string | undefined {
  const [command, ...before] = idleClass;
  const { status } = spawnSync(command, [...before, 'true'], { stdio: 'ignore' });
  return status === 0 ? undefined : `cores are kept awake by \`${idleClass.join(' ')}\`, which fails here`;
}

const absent: string | undefined = whyNotAwake();

/**
 * The bench with cores that do not sleep, for all its contenders alike: one where threads wait for each other times the wake-up
 * of a sleeping core otherwise, which takes longer than the work on a virtual machine, and no time on a busy one.
 *
 * A bench can name values of `cores` itself, to show both. `--param cores=free` leaves the cores alone, and so does a machine that has no means to keep them awake.
 */
export function withCoresAwake(bench: Bench): Bench {
  const cores: Cores[] = [absent === undefined ? 'awake' : 'free'];
  return {
    ...bench,
    params: { cores, ...bench.params },
    skip: (contender, params) =>
      (params['cores'] === 'awake' ? absent : undefined) ?? bench.skip?.(contender, params),
    contenders: Object.fromEntries(
      Object.entries(bench.contenders).map(([name, setup]) => [name, awake(setup)]),
    ),
  };
}

function awake(setup: Setup): Setup {
  return async context => {
    const kernel = (await setup(context)) as Kernel;
    if (context.params['cores'] !== 'awake') return kernel;
    const spinners = keepAwake();
    return {
      ...kernel,
      async close() {
        await spinners.end();
        await kernel.close?.();
      },
    };
  };
}

/** What keeps the cores awake. */
export interface Spinners {
  readonly pids: readonly number[];
  /** Settles when they are gone. */
  end(): Promise<void>;
}

/** Gives every core something to do that gives way to everything else, until its end or that of this process. */
export function keepAwake(): Spinners {
  const [command, ...before] = idleClass;
  const args = [...before, 'sh', '-c', spin, String(process.pid)];
  const started = Array.from({ length: availableParallelism() }, () => {
    const spinner = spawn(command, args, { stdio: 'ignore' });
    spinner.unref();
    return spinner;
  });
  return {
    pids: started.map(({ pid }) => pid as number),
    async end() {
      await Promise.all(started.map(ended));
    },
  };
}

async function ended(spinner: ChildProcess): Promise<void> {
  spinner.ref();
  const exit = once(spinner, 'exit');
  spinner.kill('SIGKILL');
  await exit;
}
