import { type MessageId, pageMax, QuorateError, type QueuePut } from '@quorate/core';
import type { Application } from './application.ts';
import { type Delivered, taskHeaders } from './envelope.ts';
import { shardsAtFirst } from './flow-ender.ts';
import { missingOf } from './flow-liveness.ts';
import {
  type FlowRecord,
  flowWidthMax,
  forkWidthMax,
  memberId,
  type StagePlan,
  type StepPlan,
} from './flow-record.ts';
import { type Bound, filledIn, type Reference, referenceTo, templateOf } from './flow-reference.ts';
import { messageOf } from './message-of-task.ts';
import { type Outcome, readResult, writeResult } from './outcome.ts';
import { deliveredOf, type FlowSendOptions } from './send-options.ts';
import type { AnyTask } from './task.ts';
import { LookupHandle, type SentTask } from './task-handle.ts';

/** A task with its input, not yet sent: what flows and schedules are made of. */
export interface Step<Output> {
  readonly task: string;
  readonly input: unknown;
  /** For types alone: it is never there. */
  readonly output?: Output;
}

/** What a task is known by where a flow goes on with it. */
export interface StepTarget<Input, Output> {
  readonly name: string;
  with(input: Input): Step<Output>;
  /** The task with an input that is made up of the result before, for {@link Flow.fork}. */
  from(input: Bound<Input>): Step<Output>;
}

/** What the members of a group give, each in its place. */
export type GroupOutput<Steps extends readonly Step<unknown>[]> = {
  -readonly [Place in keyof Steps]: Steps[Place] extends Step<infer Output> ? Output : never;
};

/** Tasks that follow on one another. Each step begins in the same commit in which the one before it ends. */
export interface Flow<Output> {
  /**
   * What comes next.
   *
   * @param bind makes up its input. What it is given stands for the result before and its parts; it can be put anywhere into the
   *   input, and not looked into, for the result is not there yet. Default: the result is the input.
   */
  pipe<Input, Next>(
    task: StepTarget<Input, Next>,
    bind?: (result: Reference<Output>) => Bound<Input>,
  ): Flow<Next>;
  /**
   * What comes next, side by side: `fork(page => [tasks.index.from(page.text), tasks.count.from(page)])`. The result is that of all, in
   * their order. At most 100.
   */
  fork<const Steps extends readonly Step<unknown>[]>(
    bind: (result: Reference<Output>) => Steps,
  ): Flow<GroupOutput<Steps>>;
  /**
   * Starts it. Its handle's result is that of the last step. It fails as soon as one of its tasks has failed for good.
   *
   * @throws QuorateError `UNSUPPORTED` where the engine has no `atomicSettle`
   */
  send(options?: FlowSendOptions): Promise<SentTask<Output>>;
}

/** A stage before it is sent. */
interface Stage {
  readonly steps: readonly Step<unknown>[];
  readonly isGroup: boolean;
}

/** @throws RangeError where there are too many */
export function groupFlow<Output>(application: Application, steps: readonly Step<unknown>[]): Flow<Output> {
  if (steps.length > flowWidthMax)
    throw new RangeError(`Group must have at most ${flowWidthMax} tasks: received ${steps.length}`);
  steps.forEach(checkStep);
  return new StagedFlow(application, { steps: [...steps], isGroup: true }, []);
}

export function chainFlow<Output>(application: Application, step: Step<Output>): Flow<Output> {
  checkStep(step);
  return new StagedFlow(application, { steps: [step], isGroup: false }, []);
}

/** @throws TypeError */
function checkStep(step: Step<unknown>): void {
  if (typeof (step as Partial<Step<unknown>> | undefined)?.task === 'string') return;
  const received = step instanceof StagedFlow ? 'a flow' : typeof step;
  throw new TypeError(
    `Step of a flow must be a task with its input, such as tasks.add.with(input): received ${received}`,
  );
}

class StagedFlow<Output> implements Flow<Output> {
  readonly #application: Application;
  readonly #first: Stage;
  readonly #later: readonly StagePlan[];

  constructor(application: Application, first: Stage, later: readonly StagePlan[]) {
    this.#application = application;
    this.#first = first;
    this.#later = later;
  }

  pipe<Input, Next>(
    task: StepTarget<Input, Next>,
    bind: (result: Reference<Output>) => Bound<Input> = result => result as unknown as Bound<Input>,
  ): Flow<Next> {
    const step = this.#planOf(task.name, bind(this.#reference()));
    return this.#then({ width: 1, isGroup: false, steps: [step] });
  }

  fork<const Steps extends readonly Step<unknown>[]>(
    bind: (result: Reference<Output>) => Steps,
  ): Flow<GroupOutput<Steps>> {
    const steps = bind(this.#reference());
    if (!(steps.length >= 1 && steps.length <= forkWidthMax))
      throw new RangeError(`Fork must have 1 to ${forkWidthMax} tasks: received ${steps.length}`);
    steps.forEach(checkStep);
    const plans = steps.map(({ task, input }) => this.#planOf(task, input));
    return this.#then({ width: plans.length, isGroup: true, steps: plans });
  }

  /** To the result of what there is so far: of a group it is known how many it has. */
  #reference(): Reference<Output> {
    const { steps = [], isGroup } = this.#later.at(-1) ?? this.#first;
    return referenceTo(isGroup ? steps.length : undefined);
  }

  #planOf(name: string, input: unknown): StepPlan {
    const { version } = this.#application.task(name);
    return { task: name, version, input: templateOf(input) };
  }

  #then<Next>(stage: StagePlan): Flow<Next> {
    return new StagedFlow(this.#application, this.#first, [...this.#later, stage]);
  }

  async send(options: FlowSendOptions = {}): Promise<SentTask<Output>> {
    const { store, lookup, rememberMs, freshId } = this.#application;
    if (!store.capabilities.atomicSettle)
      throw new QuorateError(
        'UNSUPPORTED',
        'A flow is not supported by this engine: it has no atomicSettle',
        {
          outcome: 'not-applied',
        },
      );
    const { id: named, ...delivered } = deliveredOf('flow*', options, rememberMs);
    // It ends as no member's id does, so that no flow is taken for a member of another.
    const id = (named === undefined ? freshId() : `${named}*`) as MessageId;
    const steps = this.#first.steps.map(step => ({
      task: this.#application.task(step.task),
      input: step.input,
    }));
    const headers = options.headers ?? {};
    const plans = [{ width: steps.length, isGroup: this.#first.isGroup }, ...this.#later];
    const puts =
      steps.length > 0
        ? await this.#putsOf(id, 0, steps, headers, delivered)
        : await this.#putsAfterNone(id, headers, delivered);
    const record = await this.#recordOf(plans, puts.length === 0, delivered.rememberMs ?? 0, options);
    const begun = await this.#begin(id, record, options);
    if (begun === 'new') await this.#putAll(puts);
    if (begun === 'again') await this.#putAll(await this.#missing(puts));
    const { durability } = store.capabilities;
    return Object.assign(new LookupHandle<Output>(lookup, id), { duplicate: begun !== 'new', durability });
  }

  /** A group of nothing has ended: what comes after it begins. */
  async #putsAfterNone(
    id: string,
    headers: Readonly<Record<string, string>>,
    delivered: Delivered,
  ): Promise<readonly QueuePut[]> {
    const steps = this.#later[0]?.steps ?? [];
    const filled = steps.map(({ task, input }) => ({
      task: this.#application.task(task),
      input: filledIn(input, []),
    }));
    return this.#putsOf(id, 1, filled, headers, delivered);
  }

  #putsOf(
    id: string,
    stage: number,
    steps: readonly { readonly task: AnyTask; readonly input: unknown }[],
    headers: Readonly<Record<string, string>>,
    delivered: Delivered,
  ): Promise<readonly QueuePut[]> {
    const { places } = this.#application;
    return Promise.all(
      steps.map(({ task, input }, index) => {
        const own = { ...headers, [taskHeaders.flow]: id, [taskHeaders.place]: `${stage}.${index}` };
        return messageOf(places, task, input, own, { ...delivered, id: memberId(id, stage, index) });
      }),
    );
  }

  /** How it stands at the start. A group of nothing has ended by then, and so has a flow of nothing else. */
  async #recordOf(
    stages: readonly StagePlan[],
    isOver: boolean,
    rememberMs: number,
    { lane, delayMs = 0, readyAt = 0 }: FlowSendOptions,
  ): Promise<FlowRecord | Outcome> {
    if (isOver) return { state: 'succeeded', value: [] };
    const { time, resultTtlMs, flowTtlMs, freshId } = this.#application;
    const startsInMs = Math.max(delayMs, Number(readyAt) - (await time.now()), 0);
    const stage = this.#first.steps.length === 0 ? 1 : 0;
    return {
      state: 'running',
      run: freshId(),
      stage,
      shardsLeft: shardsAtFirst(stages[stage] ?? { width: 1, isGroup: false }),
      stages,
      // As long as its members' ids are remembered, none of them can be put again.
      resultTtlMs: Math.max(resultTtlMs, rememberMs),
      ttlMs: Math.max(flowTtlMs, rememberMs) + startsInMs,
      ...(lane === undefined ? {} : { lane }),
    };
  }

  /** The record comes before the messages, so that whoever runs one finds it. */
  async #begin(
    id: string,
    record: FlowRecord | Outcome,
    { dedupe }: FlowSendOptions,
  ): Promise<'new' | 'again' | 'over'> {
    const { store, places, time, resultTtlMs } = this.#application;
    const expiresAtMs = (await time.now()) + (record.state === 'running' ? record.ttlMs : resultTtlMs);
    const value = writeResult(record);
    const written = await store.state.write({ key: places.result(id), value, version: 0, expiresAtMs });
    if (written.outcome === 'unknown') throw written.cause;
    if (written.outcome === 'applied') {
      // A wish to cancel one that was sent under the id before is none for this one.
      if (dedupe !== undefined) await store.state.write({ key: places.cancel(id), value: undefined });
      return 'new';
    }
    // Whoever began it may have died before its messages were put.
    const current = written.current && readResult(written.current.value);
    const isThere =
      current?.state === 'running' && record.state === 'running' && current.stage === record.stage;
    return isThere ? 'again' : 'over';
  }

  /** Those that whoever began the flow has not put: what has ended is not put again. */
  async #missing(puts: readonly QueuePut[]): Promise<readonly QueuePut[]> {
    const { store, places } = this.#application;
    const isGroup = this.#first.steps.length > 0 ? this.#first.isGroup : this.#later[0]?.isGroup === true;
    const ids = puts.flatMap(({ message }) => message.id ?? []);
    const missing = new Set<string | undefined>(await missingOf(store, places, ids, isGroup));
    return puts.filter(({ message }) => missing.has(message.id));
  }

  async #putAll(puts: readonly QueuePut[]): Promise<void> {
    const { store } = this.#application;
    for (let from = 0; from < puts.length; from += pageMax) {
      for (const result of await store.put(puts.slice(from, from + pageMax))) {
        if (result.outcome === 'unknown') throw result.cause;
      }
    }
  }
}
