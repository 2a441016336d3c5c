import type { MessageId } from '@quorate/core';
import type { Template } from './flow-reference.ts';

/** One task of a later stage, before its input is known. */
export interface StepPlan {
  readonly task: string;
  readonly version: number;
  readonly input: Template;
}

/** One stage of a flow: its members run side by side, and the next begins when all of them have ended. */
export interface StagePlan {
  readonly width: number;
  /** Whether its result is the array of its members', or that of its only one. */
  readonly isGroup: boolean;
  /** Of its members. Absent for the first stage, whose inputs are on their way from the start. */
  readonly steps?: readonly StepPlan[];
}

/** A flow on its way: where it is, and what is left. It is replaced by its outcome. */
export interface FlowRecord {
  readonly state: 'running';
  /** Tells it from others that are sent under the same id. */
  readonly run: string;
  readonly stage: number;
  /** Parts of the stage with members that have not ended. */
  readonly shardsLeft: number;
  readonly stages: readonly StagePlan[];
  readonly lane?: number;
  readonly resultTtlMs: number;
  readonly ttlMs: number;
}

/** The members of one part of a stage that have ended, by their index. */
export interface ShardRecord {
  readonly done: readonly number[];
}

/** The most members of a stage: as many as one call puts. */
export const flowWidthMax = 1000;

/** The most members of a later stage: they are put in the commit that ends the stage before. */
export const forkWidthMax = 100;

/** About so many members share a record in which they are ticked off, so that those who end together seldom meet there. */
const shardSize = 16;

export function shardCount(width: number): number {
  return Math.ceil(width / shardSize);
}

/** Neighbours, which run at the same time, are in different parts. */
export function shardOf(index: number, width: number): number {
  return index % shardCount(width);
}

export function shardWidth(shard: number, width: number): number {
  return Math.ceil((width - shard) / shardCount(width));
}

/** Follows from the place alone, so that nothing that is done again puts another. */
export function memberId(flow: string, stage: number, index: number): MessageId {
  return `${flow}.${stage}.${index}` as MessageId;
}
