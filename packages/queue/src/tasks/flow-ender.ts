import type { QueuePut, QueueStore, StateWrite } from '@quorate/core';
import { statePages } from '../state-pages.ts';
import type { Following } from '../working/ending.ts';
import type { EngineTime } from './engine-time.ts';
import { type Places, taskHeaders, taskPut } from './envelope.ts';
import { errorRecord } from './error-record.ts';
import {
  type FlowRecord,
  memberId,
  shardCount,
  shardOf,
  type ShardRecord,
  shardWidth,
  type StepPlan,
} from './flow-record.ts';
import { filledIn } from './flow-reference.ts';
import { jsonBytes, jsonValue } from './json-bytes.ts';
import { messageOf } from './message-of-task.ts';
import { type Outcome, readResult, type ResultRecord, writeResult } from './outcome.ts';
import type { AnyTask } from './task.ts';
import { taskGone } from './task-error.ts';

/** Where a task stands in a flow. */
export interface Member {
  readonly id: string;
  readonly stage: number;
  readonly index: number;
}

type Succeeded = Extract<Outcome, { readonly state: 'succeeded' }>;

interface Root {
  readonly flow: FlowRecord;
  readonly version: number;
}

/** What the end of a flow's member makes happen, so that it is one commit with that end: the next stage, or the flow's own end. */
export class FlowEnder {
  readonly #store: QueueStore;
  readonly #places: Places;
  readonly #time: EngineTime;
  readonly #tasks: ReadonlyMap<string, AnyTask>;

  constructor(store: QueueStore, places: Places, time: EngineTime, tasks: ReadonlyMap<string, AnyTask>) {
    this.#store = store;
    this.#places = places;
    this.#time = time;
    this.#tasks = tasks;
  }

  /** Whether the flow still waits for the member's stage: a flow that has ended needs no more of it. */
  async isAwaited(member: Member): Promise<boolean> {
    return (await this.#root(member)) !== undefined;
  }

  /** Every write is made for the versions that it read, so that members that end at once are told `conflict` and ask again. */
  async following(member: Member, outcome: Outcome): Promise<Following> {
    const root = await this.#root(member);
    if (root === undefined) return {};
    if (outcome.state !== 'succeeded') return { state: [await this.#rootWrite(member, root, outcome)] };
    const { width, isGroup } = root.flow.stages[member.stage] ?? { width: 1, isGroup: false };
    if (!isGroup) return this.#nextStage(member, root, outcome.value);
    return this.#tickedOff(member, root, outcome, width);
  }

  async #tickedOff(member: Member, root: Root, outcome: Outcome, width: number): Promise<Following> {
    const { flow } = root;
    const shard = shardOf(member.index, width);
    const key = this.#places.shard(flow.run, member.stage, shard);
    const record = await this.#store.state.get(key);
    const { done } = record === undefined ? { done: [] } : (jsonValue(record.value) as ShardRecord);
    // It was delivered again though its end had counted: that it counts once is all that matters.
    if (done.includes(member.index)) return {};
    const expiresAtMs = (await this.#time.now()) + flow.ttlMs;
    const own = {
      key: this.#places.result(memberId(member.id, member.stage, member.index)),
      value: writeResult(outcome),
      expiresAtMs,
    };
    const ticked: ShardRecord = { done: [...done, member.index] };
    const ticks = { key, value: jsonBytes('Shard', ticked), version: record?.version ?? 0, expiresAtMs };
    const state: StateWrite[] = [own, ticks];
    if (ticked.done.length < shardWidth(shard, width)) return { state };
    if (flow.shardsLeft > 1) {
      state.push(await this.#rootWrite(member, root, { ...flow, shardsLeft: flow.shardsLeft - 1 }));
      return { state };
    }
    const results = await this.#results(member, width, outcome);
    const gone = results.findIndex(result => result?.state !== 'succeeded');
    const next = await (gone === -1
      ? this.#nextStage(
          member,
          root,
          results.map(result => (result as Succeeded).value),
        )
      : this.#failed(member, root, taskGone(memberId(member.id, member.stage, gone))));
    return { ...next, state: [...state, ...(next.state ?? [])] };
  }

  /** @param result of the whole stage */
  async #nextStage(member: Member, root: Root, result: unknown): Promise<Following> {
    const { flow } = root;
    const stage = flow.stages[member.stage + 1];
    if (stage?.steps === undefined) {
      return { state: [await this.#rootWrite(member, root, { state: 'succeeded', value: result })] };
    }
    let puts: readonly QueuePut[];
    try {
      puts = await Promise.all(
        stage.steps.map((step, index) => {
          const place = { id: member.id, stage: member.stage + 1, index };
          return this.#putOf(step, place, flow, result);
        }),
      );
      checkTogether(puts);
    } catch (thrown) {
      return this.#failed(member, root, thrown);
    }
    const moved: FlowRecord = { ...flow, stage: member.stage + 1, shardsLeft: shardsAtFirst(stage) };
    return { puts, state: [await this.#rootWrite(member, root, moved)] };
  }

  async #failed(member: Member, root: Root, error: unknown): Promise<Following> {
    const failed: Outcome = { state: 'failed', error: errorRecord(error), retryable: false, attempts: 0 };
    return { state: [await this.#rootWrite(member, root, failed)] };
  }

  /** @throws TypeError, RangeError where the input is not what the task or the engine takes */
  async #putOf(
    step: StepPlan,
    { id, stage, index }: Member,
    flow: FlowRecord,
    result: unknown,
  ): Promise<QueuePut> {
    const input = filledIn(step.input, result);
    const headers = { [taskHeaders.flow]: id, [taskHeaders.place]: `${stage}.${index}` };
    const delivered = {
      id: memberId(id, stage, index),
      ...(flow.lane === undefined ? {} : { lane: flow.lane }),
    };
    const task = this.#tasks.get(step.task);
    // A worker that knows the step checks it and finds its key; another leaves the check to who runs it.
    const put =
      task !== undefined && task.version === step.version
        ? await messageOf(this.#places, task, input, headers, delivered)
        : taskPut(
            this.#places,
            { name: step.task, version: step.version },
            jsonBytes('Input', input),
            headers,
            delivered,
          );
    const limit = this.#store.capabilities.bodyMaxBytes - headerRoom;
    if (put.message.body.length > limit)
      throw new RangeError(
        `Input of task "${step.task}" must be at most ${limit} bytes: received ${put.message.body.length}`,
      );
    return put;
  }

  /** How the members of a stage ended, in their order; undefined where a record has had its time. */
  async #results(
    member: Member,
    width: number,
    own: Outcome,
  ): Promise<readonly (ResultRecord | undefined)[]> {
    const prefix = this.#places.result(`${member.id}.${member.stage}.`);
    const results = new Array<ResultRecord | undefined>(width).fill(undefined);
    for await (const records of statePages(this.#store, prefix)) {
      for (const { key, value } of records) results[Number(key.slice(prefix.length))] = readResult(value);
    }
    results[member.index] = own;
    return results;
  }

  async #root({ id, stage }: Member): Promise<Root | undefined> {
    const record = await this.#store.state.get(this.#places.result(id));
    if (record === undefined) return undefined;
    const flow = readResult(record.value);
    return flow.state === 'running' && flow.stage === stage ? { flow, version: record.version } : undefined;
  }

  async #rootWrite({ id }: Member, { flow, version }: Root, next: ResultRecord): Promise<StateWrite> {
    const ttlMs = next.state === 'running' ? flow.ttlMs : flow.resultTtlMs;
    const expiresAtMs = (await this.#time.now()) + ttlMs;
    const value = writeResult(next);
    const limit = this.#store.capabilities.bodyMaxBytes;
    if (value.length <= limit) return { key: this.#places.result(id), value, version, expiresAtMs };
    const tooLarge = new RangeError(
      `Result of a flow must be at most ${limit} bytes: received ${value.length}`,
    );
    const failed: Outcome = { state: 'failed', error: errorRecord(tooLarge), retryable: false, attempts: 0 };
    return { key: this.#places.result(id), value: writeResult(failed), version, expiresAtMs };
  }
}

/** @throws RangeError where several are too large for one commit */
function checkTogether(puts: readonly QueuePut[]): void {
  const bytes = puts.reduce((sum, { message }) => sum + message.body.length, 0);
  if (puts.length <= 1 || bytes <= forkBytesMax) return;
  throw new RangeError(`Inputs of a fork must be at most ${forkBytesMax} bytes together: received ${bytes}`);
}

/** The most bytes that the inputs of a fork have together. */
const forkBytesMax = 2 ** 24;

/** What the headers of a message take beside its body, at most. */
const headerRoom = 1024;

/** How many shards a stage begins with. */
export function shardsAtFirst({
  width,
  isGroup,
}: {
  readonly width: number;
  readonly isGroup: boolean;
}): number {
  return isGroup ? shardCount(width) : 1;
}
