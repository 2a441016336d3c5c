import { laneMax, type MessageId, type WaitOptions } from '@quorate/core';
import { readyAtMsOf } from '../messages/producer.ts';
import type { Delivered } from './envelope.ts';
import { checkDuration } from '../check-duration.ts';

/** How a flow is sent. The lane is that of all its steps; the rest is for the first. */
export interface FlowSendOptions {
  /** It does not start before so much time has passed. */
  readonly delayMs?: number;
  /** It does not start before this time on the engine's clock. */
  readonly readyAt?: Date | number;
  /** Priority from 0, which comes first, to 15. Those behind age, so that they come as well. Default 0. */
  readonly lane?: number;
  /**
   * What is sent under the same id is one: while it is there, and for `ttlMs` from the first time on. Its handle is that of the first.
   * Ids of a task are its own, those of flows are all flows'. A flow is one for as long as its result is kept, too.
   */
  readonly dedupe?: { readonly id: string; readonly ttlMs?: number };
  /** For the one who runs it. Names must not begin with `~`. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** How a task is sent. */
export interface TaskSendOptions extends FlowSendOptions, WaitOptions {
  /**
   * A transaction of the caller's own connection: the task is there if and when it commits. Ask its handle after that: before, nothing is
   * known of it, and so there is nothing to wait for.
   */
  readonly transaction?: unknown;
}

/**
 * The part of the options that the engine keeps.
 *
 * @param name of the task, whose ids are its own
 * @param rememberMs for how long an id is remembered by itself, so that a send whose answer was lost can be made again
 * @throws TypeError, RangeError
 */
export function deliveredOf(name: string, options: FlowSendOptions, rememberMs: number): Delivered {
  const { delayMs, readyAt, lane, dedupe, headers = {} } = options;
  if (lane !== undefined) checkLane(lane);
  const own = Object.keys(headers).find(header => header.startsWith('~'));
  if (own !== undefined) throw new RangeError(`Header of a task must not begin with "~": received "${own}"`);
  return {
    ...(dedupe === undefined ? {} : rememberedId(name, dedupe, rememberMs)),
    ...(lane === undefined ? {} : { lane }),
    ...(delayMs === undefined ? {} : { delayMs }),
    ...(readyAt === undefined ? {} : { readyAtMs: readyAtMsOf(readyAt) }),
  };
}

/** @throws RangeError */
export function checkLane(lane: number): void {
  if (Number.isInteger(lane) && lane >= 0 && lane <= laneMax) return;
  throw new RangeError(`Lane must be an integer from 0 to ${laneMax}: received ${lane}`);
}

function rememberedId(
  name: string,
  { id, ttlMs }: NonNullable<FlowSendOptions['dedupe']>,
  rememberMs: number,
): { readonly id: MessageId; readonly rememberMs?: number } {
  if (typeof id !== 'string' || !/^[^\0\p{Surrogate}]{1,120}$/u.test(id))
    throw new RangeError(`Id to tell duplicates by must have 1 to 120 characters: received "${id}"`);
  if (ttlMs !== undefined) checkDuration('Time to tell duplicates', ttlMs, 0);
  const untilMs = ttlMs ?? rememberMs;
  const named = `${name}:${id}` as MessageId;
  return untilMs === 0 ? { id: named } : { id: named, rememberMs: untilMs };
}
