import { Simulation } from '../engine/simulation.ts';
import type { RunOptions, RunResult } from '../run-result.ts';
import type { Scenario } from '../scenario.ts';
import { type Pump, pump, type Steps } from './microtasks.ts';
import { SimulatedCode } from './simulated-code.ts';

/** Events after which the host gets its turn. */
const eventsPerTurn = 65_536;

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
 * takes every 65,536 events, the host has them back. Runs of one thread take place one after the other.
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
  const beginning = new Beginning(scenario, options, code);
  await turn(code, done => {
    pump(kind, 1, beginning, () => {
      const world = beginning.simulation?.world;
      if (world === undefined || world.ending !== undefined) done();
      else pump(kind, eventsPerTurn, world, done);
    });
  });
  const { simulation } = beginning;
  if (simulation === undefined) throw beginning.error;
  const { world } = simulation;
  while (world.ending === undefined) await turn(code, done => pump(kind, eventsPerTurn, world, done));
  return simulation.result();
}

/** The first step of a run, which makes the world: invariants are made in it, and they are simulated code too. */
class Beginning implements Steps {
  simulation: Simulation | undefined = undefined;
  error: unknown = undefined;
  readonly #scenario: Scenario;
  readonly #options: RunOptions;
  readonly #code: SimulatedCode;

  constructor(scenario: Scenario, options: RunOptions, code: SimulatedCode) {
    this.#scenario = scenario;
    this.#options = options;
    this.#code = code;
  }

  step(): boolean {
    try {
      const simulation = new Simulation(this.#scenario, this.#options);
      this.simulation = simulation;
      this.#code.onError = error => simulation.world.fail(error);
      simulation.begin();
    } catch (error) {
      this.error = error;
    }
    return false;
  }
}

/** One turn of the host's event loop, within which promises go on. Settles when its rejections are known. */
function turn(code: SimulatedCode, run: (done: () => void) => void): Promise<void> {
  return new Promise(resolve => {
    immediate(() => {
      code.enter();
      run(() => code.leave(resolve));
    });
  });
}
