import { errorCode, InvariantError, QuorateError } from '@quorate/core';
import type { Incarnation } from '../engine/incarnation.ts';
import type { OpenOperation } from '../engine/referee.ts';
import type { ClientEnv } from '../scenario.ts';
import type { Host } from './host.ts';
import { type EnvWorld, type HostDevices, SimEnv } from './sim-env.ts';

/** What a client has: operations, and a signal that tells it to start no new ones. */
export class SimClientEnv extends SimEnv implements ClientEnv {
  readonly index: number;
  readonly #workload: AbortController = new AbortController();
  readonly #label: string;
  readonly #open: Map<number, OpenOperation> = new Map();
  #operations = 0;

  constructor(shared: EnvWorld, host: Host, life: Incarnation, devices: HostDevices, index: number) {
    super(shared, host, life, devices);
    this.index = index;
    this.#label = `op:${host.name}`;
  }

  get workload(): AbortSignal {
    return this.#workload.signal;
  }

  /** Operations that have not settled, by their numbers. */
  get openOperations(): ReadonlyMap<number, OpenOperation> {
    return this.#open;
  }

  endWorkload(): void {
    this.#workload.abort(new QuorateError('ABORTED', 'The safety phase is over', { outcome: 'not-applied' }));
  }

  operation<Output>(input: unknown, run: () => Promise<Output>): Promise<Output | undefined> {
    this.world.touch();
    if (!this.world.tape.takes(this.#label, this.#operations++)) return Promise.resolve(undefined);
    const { lane } = this.host;
    const operation: OpenOperation = { process: this.host.name, input, invokedAt: 0 };
    const number = this.referee.invoke(lane, operation);
    this.#open.set(number, operation);
    return started(run).then(
      output => {
        this.#open.delete(number);
        this.referee.return(lane, number, operation, output);
        return output;
      },
      (error: unknown) => {
        this.#open.delete(number);
        this.#giveUp(number, operation, error);
        return undefined;
      },
    );
  }

  #giveUp(number: number, operation: OpenOperation, error: unknown): void {
    // A mistake of the program is no answer of the system: it must not pass as an operation whose outcome is open.
    if (isMistake(error)) this.world.fail(error);
    const never = error instanceof QuorateError && error.outcome === 'not-applied';
    const why = errorCode(error) ?? String(error);
    this.referee.giveUp(this.host.lane, number, operation, never ? 'never' : 'unknown', why);
  }
}

/** A call that throws at once has rejected. */
async function started<Output>(run: () => Promise<Output>): Promise<Output> {
  return run();
}

function isMistake(error: unknown): boolean {
  return (
    error instanceof InvariantError ||
    error instanceof TypeError ||
    error instanceof RangeError ||
    error instanceof ReferenceError
  );
}
