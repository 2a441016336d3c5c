import type { Clock } from '@quorate/core';
import type { Handover } from './handover.ts';
import { fieldsOf, parseJson } from './http/json.ts';
import { readBody } from './http/request-body.ts';
import type { Limits } from './limits.ts';
import type { Partition } from './partition.ts';
import { Problem } from './problem.ts';
import type { ReplicaSeat } from './replica/replica-seat.ts';
import type { Router } from './router.ts';
import type { IncomingMessage } from 'node:http';

/** What the routes of one node work with. */
export interface NodeContext {
  readonly id: string;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly partition: Partition;
  readonly handover: Handover;
  readonly router: Router;
  readonly seat: ReplicaSeat;
  /** Set once the node has been told to stop: it finishes what it has and is not ready for more. */
  stopping: boolean;
  inFlight: number;
}

/** The body as a JSON object. @throws Problem `NOT_JSON`, `BAD_JSON`, `JSON_TOO_DEEP`, `BODY_TOO_LARGE` */
export async function jsonBody(incoming: IncomingMessage, limits: Limits): Promise<Record<string, unknown>> {
  const type = incoming.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') {
    throw new Problem(
      415,
      'NOT_JSON',
      `The body must be application/json: received ${type ?? 'no content type'}`,
    );
  }
  return fieldsOf(parseJson(await readBody(incoming, limits.bodyBytesMax), limits.jsonDepthMax), 'The body');
}

/** The operations of a batch, decoded one by one. @throws Problem `BATCH_TOO_LARGE` */
export function batchOf<T>(
  value: unknown,
  limits: Limits,
  decode: (entry: unknown, limits: Limits) => T,
): T[] {
  if (!Array.isArray(value)) throw new Problem(400, 'BAD_REQUEST', 'operations must be a list');
  if (value.length > limits.batchOperationsMax) {
    throw new Problem(
      413,
      'BATCH_TOO_LARGE',
      `A batch may have at most ${limits.batchOperationsMax} operations: received ${value.length}`,
    );
  }
  return value.map(entry => decode(entry, limits));
}

/** Counts work in flight, so that a node under too much of it says so instead of queueing without end. */
export async function withinFlight<T>(
  context: NodeContext,
  count: number,
  work: () => Promise<T>,
): Promise<T> {
  const { inFlightMax } = context.limits;
  if (context.inFlight + count > inFlightMax) {
    throw new Problem(429, 'OVERLOADED', `The node works on ${inFlightMax} operations at once at most`, {
      retryable: true,
    });
  }
  context.inFlight += count;
  try {
    return await work();
  } finally {
    context.inFlight -= count;
  }
}

const deadlineDefaultMs = 5000;
const deadlineMaxMs = 10_000;

/** How long a request may take: what `Deadline-Ms` says, within reason. @throws Problem `BAD_DEADLINE` */
export function deadlineOf(given: string | number | readonly string[] | undefined): number {
  if (given === undefined) return deadlineDefaultMs;
  const deadlineMs = Number(given);
  if (!(deadlineMs >= 0)) {
    throw new Problem(
      400,
      'BAD_DEADLINE',
      `Deadline-Ms must be a number of at least 0: received ${JSON.stringify(given)}`,
    );
  }
  return Math.min(deadlineMs, deadlineMaxMs);
}
