import type { WaitOptions } from '@quorate/core';
import type { LeaseKeeperOptions } from '../keeper/lease-keeper.ts';
import { usedKeeper } from '../keeper/used-keeper.ts';
import { localTurns, RateLimiter } from '../rate/rate-limiter.ts';
import { checkRate, type RateOptions } from '../rate/rate.ts';
import { sharedTurns } from '../rate/shared-turns.ts';
import { Scheduler } from '../schedules/scheduler.ts';
import { StrangerDeference } from '../working/deference.ts';
import type { LeaseKeeper } from '../working/lease-keeper.ts';
import type { Limiter } from '../working/limiter.ts';
import type { Work } from '../working/work.ts';
import { startWork } from '../working/work-loop.ts';
import type { WorkOptions, WorkSettings } from '../working/work-options.ts';
import type { Application } from './application.ts';
import { CancelWatch } from './cancel-watch.ts';
import { FlowEnder } from './flow-ender.ts';
import { checkDuration } from '../check-duration.ts';
import { checkInteger } from './task.ts';
import type { TaskEvent } from './task-event.ts';
import { TaskRunner } from './task-runner.ts';

/** How the tasks of an application are run. Retries are the tasks' own. */
export interface TaskWorkOptions
  extends Omit<WorkSettings, 'retry' | 'deliveriesMax'>,
    Pick<WorkOptions, 'limiter' | 'onEvent'> {
  /** In place of the application's. One that is made here ends with this work. */
  readonly keeper?: LeaseKeeper | LeaseKeeperOptions;
  /** So many starts in so much time. */
  readonly rate?: RateOptions;
  /**
   * How often a task may be started by workers of which nothing is heard again, before it has failed: the cap for what kills its
   * process. Tasks that were fetched beside it are not charged. Default 5.
   */
  readonly crashesMax?: number;
  /** How often it is asked whether what runs was cancelled, in case a hint got lost. Default 1,000. */
  readonly cancelPollMs?: number;
  /** Whether this worker fires schedules, as any number may. Default true. */
  readonly schedules?: boolean;
  /** Told of what happens to tasks, within the turn; it must not throw. */
  readonly onTask?: (event: TaskEvent) => void;
}

/** @throws TypeError, RangeError */
export function startTaskWork(application: Application, options: TaskWorkOptions): Work {
  const { crashesMax = 5, cancelPollMs = 1000, schedules = true, rate, onTask, ...others } = options;
  const { keeper: given = application.keeper, ...settings } = others;
  checkInteger('Crashes', crashesMax);
  checkDuration('Pause between looks for cancelled tasks', cancelPollMs, 1);
  const { store, clock, random, time, places, tasks, resultTtlMs } = application;
  const { deadLetters = application.deadLetters, graceMs = 5000 } = options;
  const onTrouble = (error: unknown): void => settings.onEvent?.({ type: 'trouble', error });
  const { keeper, own: ownKeeper } = usedKeeper(given, onTrouble);
  const cancels = new CancelWatch({ store, clock, places, pollMs: cancelPollMs });
  const flows = new FlowEnder(store, places, time, tasks);
  const own = { store, clock, random, time, places, tasks, flows, cancels, deadLetters, resultTtlMs };
  const deference = new StrangerDeference(clock, random);
  const handler = new TaskRunner({ ...own, graceMs, crashesMax, onTask, deference });
  // The runner caps attempts and deaths itself: it knows which were a task's own. Of what is not started nothing is read.
  const caps = { deliveriesMax: Number.POSITIVE_INFINITY, retry: { attemptsMax: Number.POSITIVE_INFINITY } };
  try {
    const { queue } = places;
    const limiter = rate === undefined ? settings.limiter : rateLimiter(application, rate);
    const work = startWork({
      processes: application.processes,
      ...settings,
      ...caps,
      ...(limiter && { limiter }),
      ...(keeper && { keeper }),
      store,
      clock,
      random,
      queue,
      handler,
      deadLetters,
      deference,
      graceMs,
    });
    const scheduler = schedules ? new Scheduler(application, onTrouble) : undefined;
    return new TaskWork(work, cancels, scheduler, ownKeeper);
  } catch (thrown) {
    cancels[Symbol.dispose]();
    void ownKeeper?.[Symbol.asyncDispose]();
    throw thrown;
  }
}

/** @throws RangeError */
function rateLimiter({ store, clock, places }: Application, options: RateOptions): Limiter {
  const rate = checkRate(options);
  const turns =
    rate.scope === 'local' ? localTurns(clock, rate) : sharedTurns(store, clock, places.queue, rate);
  return new RateLimiter(clock, rate, turns);
}

/** The work on an application's queue, and what goes on beside it. */
class TaskWork implements Work {
  readonly queue: string;
  readonly done: Promise<void>;
  readonly #work: Work;
  readonly #scheduler: Scheduler | undefined;

  constructor(
    work: Work,
    cancels: CancelWatch,
    scheduler: Scheduler | undefined,
    ownKeeper: AsyncDisposable | undefined,
  ) {
    this.queue = work.queue;
    this.#work = work;
    this.#scheduler = scheduler;
    this.done = (async () => {
      await using _ = ownKeeper;
      using _scheduler = scheduler;
      using _cancels = cancels;
      await work.done;
    })();
    this.done.catch(() => {}); // Whoever does not ask has onEvent.
  }

  pause(): void {
    this.#work.pause();
  }

  resume(): void {
    this.#work.resume();
  }

  async drain(options: WaitOptions = {}): Promise<void> {
    this.#scheduler?.[Symbol.dispose]();
    await this.#work.drain(options);
    await this.done;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#scheduler?.[Symbol.dispose]();
    await this.#work[Symbol.asyncDispose]();
    await this.done.catch(() => {});
  }
}
