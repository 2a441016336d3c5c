import type { ScheduleTable } from '../schedules/schedule-table.ts';
import { Schedules } from '../schedules/schedules.ts';
import type { Work } from '../working/work.ts';
import { Application, type ApplicationOptions } from './application.ts';
import { chainFlow, type Flow, groupFlow, type GroupOutput, type Step, type StepTarget } from './flow.ts';
import { messageOf } from './message-of-task.ts';
import { deliveredOf, type TaskSendOptions } from './send-options.ts';
import type { AnyTask, InputOf, OutputOf } from './task.ts';
import { FormerTask } from './former-task.ts';
import { LookupHandle, type SentTask, type TaskHandle } from './task-handle.ts';
import { startTaskWork, type TaskWorkOptions } from './task-work.ts';

/** What {@link createTasks} is given. */
export interface TasksOptions<Definitions extends Readonly<Record<string, AnyTask>>>
  extends ApplicationOptions {
  /** By the names under which they are to be had here. */
  readonly tasks: Definitions;
}

/** A task of an application, ready to be sent. */
export interface SendableTask<Input, Output> extends StepTarget<Input, Output> {
  /**
   * Asks for the task. Resolves when it is as durable as the engine makes it.
   *
   * @throws TypeError where its schema or JSON refuses the input; RangeError where it is too large
   * @throws QuorateError `UNSUPPORTED`, `STORE_FULL`, `UNAVAILABLE`, `ABORTED`, `DEADLINE_EXCEEDED`; `SEND_UNKNOWN` where it may
   *   run all the same
   */
  send(input: Input, options?: TaskSendOptions): Promise<SentTask<Output>>;
  /** The task with its input, for a flow or a schedule. */
  with(input: Input): Step<Output>;
  /** A handle of one that was sent before, or elsewhere. */
  handle(id: string): TaskHandle<Output>;
}

/** What an application offers beside its tasks. */
export interface TasksApi {
  readonly name: string;
  readonly schedules: ScheduleTable;
  /** Runs tasks in this process, and fires schedules. */
  work(options?: TaskWorkOptions): Work;
  /** A flow of one task, to go on from. */
  chain<Output>(first: Step<Output>): Flow<Output>;
  /** Tasks side by side; the result is that of all, in their order. What is piped after it begins when all have ended. At most 1,000. */
  group<const Steps extends readonly Step<unknown>[]>(steps: Steps): Flow<GroupOutput<Steps>>;
  /** One task for each input; the result is that of all. At most 1,000. */
  map<Input, Output>(task: StepTarget<Input, Output>, inputs: readonly Input[]): Flow<Output[]>;
  /** A handle of anything that was sent, a flow too. */
  handle(id: string): TaskHandle<unknown>;
}

export type Tasks<Definitions extends Readonly<Record<string, AnyTask>>> = TasksApi & {
  readonly [Name in keyof Definitions]: SendableTask<InputOf<Definitions[Name]>, OutputOf<Definitions[Name]>>;
};

/** The tasks of an application that knows of other processes only what the options tell. @throws TypeError, RangeError */
export function makeTasks<const Definitions extends Readonly<Record<string, AnyTask>>>(
  options: TasksOptions<Definitions>,
): Tasks<Definitions> {
  const { tasks } = options;
  const application = new Application(options, Object.values(tasks));
  const api: TasksApi = {
    name: application.name,
    schedules: new Schedules(application),
    work: (workOptions = {}) => startTaskWork(application, workOptions),
    chain: first => chainFlow(application, first),
    group: steps => groupFlow(application, steps),
    map: (task, inputs) =>
      groupFlow(
        application,
        inputs.map(input => task.with(input)),
      ),
    handle: id => new LookupHandle(application.lookup, id),
  };
  const sendable: Record<string, unknown> = {};
  for (const [place, task] of Object.entries(tasks)) {
    if (Object.hasOwn(api, place) || place === 'then')
      throw new RangeError(
        `Task must not stand under the name of what applications offer: received "${place}"`,
      );
    sendable[place] = sendableOf(application, task);
  }
  return Object.assign(sendable, api) as unknown as Tasks<Definitions>;
}

function sendableOf(application: Application, task: AnyTask): SendableTask<unknown, unknown> {
  const { name } = task;
  return {
    name,
    send: (input, options = {}) => sent(application, task, input, options),
    with: input => ({ task: name, input }),
    from: input => ({ task: name, input }),
    handle: id => new LookupHandle(application.lookup, id),
  };
}

async function sent(
  { store, places, lookup, sender, rememberMs }: Application,
  task: AnyTask,
  input: unknown,
  options: TaskSendOptions,
): Promise<SentTask<unknown>> {
  const delivered = deliveredOf(task.name, options, rememberMs);
  const put = await messageOf(places, task, input, options.headers ?? {}, delivered);
  const { durability } = store.capabilities;
  const { signal, deadlineMs, transaction } = options;
  const former =
    delivered.id === undefined
      ? undefined
      : await FormerTask.read(store, places, delivered.id, { signal, deadlineMs });
  // Within the caller's transaction it counts if that commits, and its caller repeats that.
  const [result] =
    transaction === undefined ? [await sender.send(put, options)] : await store.put([put], options);
  if (result?.outcome !== 'applied') throw result?.cause ?? new TypeError('Store must tell of each put');
  const { id, duplicate } = result;
  let own = lookup;
  if (!duplicate && former !== undefined) {
    // Where the transaction does not commit, the result before it is still the last one.
    if (transaction === undefined) await former.forget(id);
    else own = lookup.after(former.version);
  }
  return Object.assign(new LookupHandle(own, id), { duplicate, durability });
}
