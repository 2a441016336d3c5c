import { Simulation } from '../engine/simulation.ts';
import type { RunOptions, RunResult } from '../run-result.ts';
import type { Scenario } from '../scenario.ts';
import { type Pump, pump } from './microtasks.ts';
import { SimulatedCode } from './simulated-code.ts';

/** Events after which the host gets its turn. */
const eventsPerTurn = 16_384;

/** Captured before any simulation replaces it. */
const immediate = setImmediate;

let last: Promise<unknown> = Promise.resolve();

/** How the host drives a run. Every way gives the same result. */
export interface HostOptions {
  /** Default `checkpoint`; where V8 does not allow it, `ticks` all the same. */
  readonly pump?: Pump;
}

/**
 * Runs one seed of a scenario from its beginning to its end.
 *
 * Everything that happens follows from the scenario's code, the seed and the options: the same trace hash in every process.
 * While simulated code runs, ambient time, randomness, timers and I/O throw `NondeterminismError`; between turns, which a run
 * takes every few milliseconds, the host has them back. Runs of one thread take place one after the other.
 *
 * What a program of the scenario throws, or rejects without anybody handling it, is the verdict `error` and not thrown here. An
 * endless loop is ended where it makes events or calls its environment; one that does neither cannot be ended from within its
 * own thread.
 *
 * @throws RangeError when the seed is no safe integer, or a name in `without` is malformed
 */
export async function simulate(
  scenario: Scenario,
  options: RunOptions,
  host: HostOptions = {},
): Promise<RunResult> {
  if (!Number.isSafeInteger(options.seed)) {
    throw new RangeError(`Seed must be a safe integer: received ${options.seed}`);
  }
  const run = last.then(() => runToEnd(scenario, options, host.pump ?? 'checkpoint'));
  last = run.catch(() => {});
  return run;
}

async function runToEnd(scenario: Scenario, options: RunOptions, kind: Pump): Promise<RunResult> {
  const code = new SimulatedCode();
  let simulation: Simulation | undefined;
  let failure: { readonly error: unknown } | undefined;
  const begin = (): boolean => {
    try {
      simulation = new Simulation(scenario, options);
      code.onError = error => simulation?.world.fail(error);
      simulation.begin();
      return true;
    } catch (error) {
      failure = { error };
      return false;
    }
  };
  let isOver = !(await turn(code, kind, 1, begin)) && failure !== undefined;
  while (!isOver) {
    const { world } = simulation as Simulation;
    const step = (): boolean => {
      try {
        return world.step();
      } catch (error) {
        world.fail(error);
        return false;
      }
    };
    await turn(code, kind, eventsPerTurn, step);
    isOver = world.ending !== undefined;
  }
  if (failure !== undefined) throw failure.error;
  return (simulation as Simulation).result();
}

/** One turn of the host's event loop, from which promises can go on within. Settles when its rejections are known. */
function turn(code: SimulatedCode, kind: Pump, stepsMax: number, step: () => boolean): Promise<boolean> {
  return new Promise(resolve => {
    immediate(() => {
      let more = true;
      code.enter();
      const once = (): boolean => {
        more = step();
        return more;
      };
      pump(kind, stepsMax, once, () => code.leave(() => resolve(more)));
    });
  });
}
