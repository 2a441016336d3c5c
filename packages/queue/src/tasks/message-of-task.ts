import type { QueuePut } from '@quorate/core';
import { type Delivered, type Places, taskPut } from './envelope.ts';
import { jsonBytes } from './json-bytes.ts';
import { validated } from './standard-schema.ts';
import type { AnyTask } from './task.ts';

/**
 * The message that asks for a task, its input checked.
 *
 * What is sent is the input as it was given: what the schema makes of it is made again by whoever runs it.
 *
 * @throws TypeError where the schema or JSON refuses it
 */
export async function messageOf(
  places: Places,
  task: AnyTask,
  input: unknown,
  headers: Readonly<Record<string, string>>,
  delivered: Delivered,
): Promise<QueuePut> {
  const what = `Input of task "${task.name}"`;
  const checked = await validated(what, task.input, input);
  const key = task.key?.(checked);
  return taskPut(places, task, jsonBytes(what, input), headers, {
    ...delivered,
    ...(key === undefined ? {} : { key, keyActiveMax: task.keyConcurrency ?? 1 }),
  });
}
