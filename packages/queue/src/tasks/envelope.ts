import type { LeasedMessage, QueuePut } from '@quorate/core';
import { messageVersion, versionHeader } from '../message-version.ts';

/** Headers of a task's message. */
export const taskHeaders = {
  task: '~task',
  version: '~task-version',
  /** Under which its handle knows it, where the message may get another id: in the dead letters, and back. */
  id: '~task-id',
  /** The flow that it is a member of, and its place in it: `stage.index`. */
  flow: '~flow',
  place: '~place',
  /** Starts that came to an end: what is missing of them, processes died on. */
  ends: '~ends',
  /** Starts that were no attempts: the worker did not know the task, or was told to end. */
  skips: '~skips',
} as const;

/** Where things are in the partition of an application. */
export interface Places {
  readonly queue: string;
  result(id: string): string;
  progress(id: string): string;
  cancel(id: string): string;
  /** Changes after each wish to cancel. */
  readonly cancelMark: string;
  /** How far the members of one part of a flow's stage are. */
  shard(run: string, stage: number, shard: number): string;
  schedule(id: string): string;
}

/** @param name of the application: its partition */
export function placesOf(name: string): Places {
  return {
    queue: `${name}/queue`,
    result: id => `${name}/result/${id}`,
    progress: id => `${name}/progress/${id}`,
    cancel: id => `${name}/cancel/${id}`,
    cancelMark: `${name}/cancelled`,
    shard: (run, stage, shard) => `${name}/shard/${run}.${stage}.${shard}`,
    schedule: id => `${name}/schedule/${id}`,
  };
}

/** What a sender may choose for a message of a task. */
export type Delivered = Omit<QueuePut['message'], 'body' | 'headers'>;

/** The message that asks for a task. */
export function taskPut(
  places: Places,
  task: { readonly name: string; readonly version: number },
  body: Uint8Array,
  headers: Readonly<Record<string, string>>,
  delivered: Delivered,
): QueuePut {
  return {
    queue: places.queue,
    message: {
      ...delivered,
      body,
      headers: {
        ...headers,
        [versionHeader]: messageVersion,
        [taskHeaders.task]: task.name,
        [taskHeaders.version]: `${task.version}`,
      },
    },
  };
}

/** What the headers of a task's message say. */
export interface TaskLabel {
  /** Under which its handle knows it. */
  readonly id: string;
  readonly task: string;
  readonly version: number;
  readonly flow: { readonly id: string; readonly stage: number; readonly index: number } | undefined;
  readonly endCount: number;
  readonly skipCount: number;
}

/** Reads what {@link taskPut} wrote, and what was added since. */
export function labelOf({ id, headers }: Pick<LeasedMessage, 'id' | 'headers'>): TaskLabel {
  const flow = headers[taskHeaders.flow];
  const [stage, index] = (headers[taskHeaders.place] ?? '').split('.').map(Number);
  return {
    id: headers[taskHeaders.id] ?? id,
    task: headers[taskHeaders.task] ?? '',
    version: countOf(headers[taskHeaders.version]) || 1,
    flow: flow === undefined ? undefined : { id: flow, stage: stage ?? 0, index: index ?? 0 },
    endCount: countOf(headers[taskHeaders.ends]),
    skipCount: countOf(headers[taskHeaders.skips]),
  };
}

/** The headers that are a caller's own. */
export function ownHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith('~')));
}

function countOf(text: string | undefined): number {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : 0;
}
