import { type Clock, type QueueStore, type Random, systemClock, systemRandom } from '@quorate/core';
import { deadLettersOf } from '../dead-letters/dead-letter-name.ts';
import { checkName } from '../check-name.ts';
import type { LeaseKeeperOptions } from '../keeper/lease-keeper.ts';
import { checkKeeper } from '../keeper/used-keeper.ts';
import { EngineTime } from './engine-time.ts';
import { type Places, placesOf } from './envelope.ts';
import { Lookup } from './lookup.ts';
import { ResultWatch } from './result-watch.ts';
import { Sender } from '../messages/sender.ts';
import { checkDuration } from '../check-duration.ts';
import type { AnyTask } from './task.ts';
import type { LeaseKeeper } from '../working/lease-keeper.ts';
import type { Processes } from '../neighbours/processes.ts';

/** How the tasks of an application are set up, on both sides. */
export interface ApplicationOptions {
  /** It stays its owner's. */
  readonly store: QueueStore;
  /** Default: the platform's. */
  readonly clock?: Clock;
  readonly random?: Random;
  /** Of the application: the partition in which its queue, results, flows and schedules lie. */
  readonly name: string;
  /** How long results are kept. Default 3,600,000, an hour. */
  readonly resultTtlMs?: number;
  /** How long a flow may rest in one stage before it is forgotten. Default 604,800,000, a week. */
  readonly flowTtlMs?: number;
  /** As of queues: by which it is known that a process of this machine has ended. Default: the system's. */
  readonly processes?: Processes | false;
  /**
   * Keeps the leases of what runs while a task blocks the event loop: one of `leaseKeeper`, or how to make one, which each work then does
   * and ends with itself.
   */
  readonly keeper?: LeaseKeeper | LeaseKeeperOptions;
  /** How soon whoever waits for a result looks again though nothing was heard; from there to 5,000. Default 1,000. */
  readonly pollMs?: number;
}

/** What all that belongs to one application stands on. */
export class Application {
  readonly store: QueueStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly processes: Processes | false;
  readonly keeper: LeaseKeeper | LeaseKeeperOptions | undefined;
  readonly name: string;
  readonly places: Places;
  readonly deadLetters: string;
  readonly time: EngineTime;
  readonly lookup: Lookup;
  readonly sender: Sender;
  /** For how long ids are remembered, so that a send whose answer was lost can be made again. */
  readonly rememberMs: number;
  readonly resultTtlMs: number;
  readonly flowTtlMs: number;
  readonly tasks: ReadonlyMap<string, AnyTask>;
  readonly #idPrefix: string;
  #idCount = 0;

  /** @throws TypeError, RangeError */
  constructor(options: ApplicationOptions, tasks: readonly AnyTask[]) {
    const { store, clock = systemClock, random = systemRandom, name } = options;
    const { resultTtlMs = 3_600_000, flowTtlMs = 604_800_000, pollMs = 1000 } = options;
    if (typeof name !== 'string' || !/^[^/\0\p{Surrogate}]{1,100}$/u.test(name))
      throw new RangeError(
        `Name of an application must have 1 to 100 characters and no "/": received "${name}"`,
      );
    checkName('Name of an application', name);
    checkDuration('Time of results', resultTtlMs, 1);
    checkDuration('Time of flows', flowTtlMs, 1);
    checkDuration('Pause between looks', pollMs, 1);
    this.store = store;
    this.clock = clock;
    this.random = random;
    checkKeeper(options.keeper);
    this.processes = options.processes ?? false;
    this.keeper = options.keeper;
    this.name = name;
    this.resultTtlMs = resultTtlMs;
    this.flowTtlMs = flowTtlMs;
    this.tasks = byName(tasks);
    this.places = placesOf(name);
    this.deadLetters = deadLettersOf(this.places.queue);
    this.time = new EngineTime(store, clock);
    this.rememberMs = store.capabilities.crossProcess ? 60_000 : 0;
    this.sender = new Sender({
      store,
      clock,
      random,
      rememberMs: this.rememberMs,
      inFlightMaxBytes: 2 ** 26,
    });
    const results = new ResultWatch(store, this.places.result(''));
    const { places, time, deadLetters } = this;
    this.lookup = new Lookup({ store, clock, time, places, deadLetters, results, resultTtlMs, pollMs });
    this.#idPrefix = [...random.bytes(12)].map(byte => byte.toString(16).padStart(2, '0')).join('');
  }

  /** @throws RangeError where the application has none of the name */
  task(name: string): AnyTask {
    const task = this.tasks.get(name);
    if (task !== undefined) return task;
    throw new RangeError(`Task must be one of the application's: received "${name}"`);
  }

  readonly freshId = (): string => `${this.#idPrefix}-${(this.#idCount++).toString(36)}`;
}

/** @throws RangeError where two have one name */
function byName(tasks: readonly AnyTask[]): ReadonlyMap<string, AnyTask> {
  const named = new Map<string, AnyTask>();
  for (const task of tasks) {
    if (named.has(task.name))
      throw new RangeError(
        `Tasks of an application must have names of their own: received "${task.name}" twice`,
      );
    named.set(task.name, task);
  }
  return named;
}
