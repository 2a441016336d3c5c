import type { HttpBindings } from '@hono/node-server';
import type { Hono } from 'hono';
import type { HandoverPace } from './handover.ts';
import { jsonAnswer } from './http/answer.ts';
import { checkedKey } from './http/request-key.ts';
import { batchOf, deadlineOf, jsonBody, type NodeContext, withinFlight } from './node-context.ts';
import { Problem } from './problem.ts';
import { parseView } from './view.ts';
import { decodeOperation, encodeEntry, encodeReply } from './wire.ts';

/** The routes for the other nodes and the supervisor. They take the peers' token, not the clients'. */
export function addPeerRoutes(
  app: Hono<{ Bindings: HttpBindings }>,
  context: NodeContext,
  pace: HandoverPace,
): void {
  const { limits, partition, router } = context;

  app.post('/v1/peer/view', async c => {
    router.adopt(parseView(await jsonBody(c.env.incoming, limits)));
    return jsonAnswer({ epoch: partition.epoch });
  });

  app.post('/v1/peer/settle', async c => {
    const { epoch } = await jsonBody(c.env.incoming, limits);
    partition.settle(epochOf(epoch));
    return jsonAnswer({ epoch: partition.epoch });
  });

  app.post('/v1/peer/operations', async c => {
    const body = await jsonBody(c.env.incoming, { ...limits, bodyBytesMax: limits.bodyBytesMax * 2 });
    const epoch = epochOf(body['epoch']);
    const operations = batchOf(body['operations'], limits, decodeOperation);
    if (epoch > partition.epoch) throw viewBehind(partition.epoch, epoch);
    const wait = { deadlineMs: deadlineOf(Number(body['deadlineMs'])) };
    const replies = await withinFlight(context, operations.length, () =>
      router.executeLocally(operations, wait),
    );
    // The answer carries the newer view, so that a sender with an old one learns it without asking again.
    const view = partition.epoch > epoch ? partition.view.record : undefined;
    return jsonAnswer({ epoch: partition.epoch, replies: replies.map(encodeReply), view });
  });

  app.post('/v1/peer/handover', async c => {
    const body = await jsonBody(c.env.incoming, limits);
    const view = parseView(body['view']);
    router.adopt(view);
    if (view.epoch < partition.epoch) {
      const detail = `Keys were asked for in view ${view.epoch}, but the current one is ${partition.epoch}`;
      throw new Problem(409, 'VIEW_OLD', detail, { retryable: true });
    }
    const { to, keys, cursor } = body;
    if (typeof to !== 'string') throw new Problem(400, 'BAD_REQUEST', 'to must be a node id');
    if (keys !== undefined) {
      const wanted = batchOf(keys, limits, checkedKey);
      const entries = partition.handOverKeys(to, wanted);
      return jsonAnswer({ entries: entries.map(([key, entry]) => encodeEntry(key, entry)), next: 0 });
    }
    const page = partition.handOver(to, cursorOf(cursor), pace.pageKeysMax, pace.pageBytesMax);
    return jsonAnswer({ ...page, entries: page.entries.map(([key, entry]) => encodeEntry(key, entry)) });
  });
}

function viewBehind(own: number, received: number): Problem {
  const detail = `The node is in view ${own}, older than the request's ${received}: send it the view, then repeat`;
  return new Problem(409, 'VIEW_BEHIND', detail, { retryable: true });
}

function epochOf(value: unknown): number {
  if (Number.isSafeInteger(value) && (value as number) >= 1) return value as number;
  throw new Problem(400, 'BAD_REQUEST', 'epoch must be a positive integer');
}

function cursorOf(value: unknown): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw new Problem(400, 'BAD_REQUEST', 'cursor must be a non-negative integer');
}
