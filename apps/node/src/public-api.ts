import type { HttpBindings } from '@hono/node-server';
import type { Hono } from 'hono';
import { decodeBatchEntry, encodeBatchResult, keyNotFound } from './batch-codec.ts';
import { jsonAnswer } from './http/answer.ts';
import { securityHeaders } from './http/loopback-server.ts';
import { readBody } from './http/request-body.ts';
import { checkedValue, keyFromQuery, keyFromTarget } from './http/request-key.ts';
import { batchOf, deadlineOf, jsonBody, type NodeContext, withinFlight } from './node-context.ts';
import { type FinalReply, formatVersion, type Operation } from './operation.ts';
import { Problem } from './problem.ts';

type App = Hono<{ Bindings: HttpBindings }>;

/** The routes for clients. Their answers name the view they were given in: `quorate-epoch`. */
export function addPublicRoutes(app: App, context: NodeContext): void {
  addKeyRoutes(app, context);
  addRingRoutes(app, context);
  app.get('/healthz', () => jsonAnswer({ ok: true }));
  app.get('/readyz', () => {
    if (context.stopping)
      throw new Problem(503, 'STOPPING', 'The node is about to stop', { retryable: true });
    return jsonAnswer({ ok: true, epoch: context.partition.view.epoch });
  });
  app.get('/v1/status', () => jsonAnswer(statusOf(context)));
}

function addKeyRoutes(app: App, context: NodeContext): void {
  const single = async (operation: Operation, incoming: HttpBindings['incoming']): Promise<Response> => {
    const deadlineMs = deadlineOf(incoming.headers['deadline-ms']);
    const [reply] = await withinFlight(context, 1, () => context.router.execute([operation], { deadlineMs }));
    return keyAnswer(context, operation.key, reply as FinalReply);
  };
  const keyOf = (incoming: HttpBindings['incoming']): string =>
    keyFromTarget(incoming.url ?? '', '/v1/kv', context.limits);
  for (const path of ['/v1/kv', '/v1/kv/*']) {
    app.get(path, c => single({ kind: 'get', key: keyOf(c.env.incoming) }, c.env.incoming));
    app.delete(path, c => single({ kind: 'delete', key: keyOf(c.env.incoming) }, c.env.incoming));
    app.put(path, async c => {
      const { incoming } = c.env;
      const key = keyOf(incoming);
      const value = checkedValue(await readBody(incoming, context.limits.bodyBytesMax), context.limits);
      return single({ kind: 'put', key, value }, incoming);
    });
  }
  app.post('/v1/batch', async c => {
    const { incoming } = c.env;
    const body = await jsonBody(incoming, context.limits);
    const operations = batchOf(body['operations'], context.limits, decodeBatchEntry);
    const deadlineMs = deadlineOf(incoming.headers['deadline-ms']);
    const replies = await withinFlight(context, operations.length, () =>
      context.router.execute(operations, { deadlineMs }),
    );
    return jsonAnswer({ epoch: context.partition.epoch, results: replies.map(encodeBatchResult) });
  });
}

function addRingRoutes(app: App, context: NodeContext): void {
  app.get('/v1/ring', () => {
    const { view, settled } = context.partition;
    const shares = view.ring.shares();
    const nodes = view.ring.nodes.map((node, index) => ({
      id: node.id,
      url: view.urlOf(node.id),
      share: shares[index],
    }));
    return jsonAnswer({ ...view.record, settled, algorithm: view.ring.algorithm, nodes });
  });
  app.get('/v1/ring/locate', c => {
    const { view } = context.partition;
    const target = c.env.incoming.url ?? '';
    const question = target.indexOf('?');
    const key = keyFromQuery(question === -1 ? '' : target.slice(question + 1), context.limits);
    const owner = view.owner(key);
    const hash = String(view.ring.hash(key));
    return jsonAnswer({
      key,
      owner,
      url: view.urlOf(owner),
      epoch: view.epoch,
      hash,
      here: owner === context.id,
    });
  });
}

function keyAnswer(context: NodeContext, key: string, reply: FinalReply): Response {
  const { view } = context.partition;
  const headers: Record<string, string> = {
    'quorate-epoch': String(view.epoch),
    'quorate-owner': view.owner(key),
  };
  if (reply.kind === 'refused') throw Problem.fromBody(reply.problem);
  if (reply.kind === 'absent') throw keyNotFound();
  headers['quorate-version'] = String(reply.version);
  headers['etag'] = `"${formatVersion(reply.version)}"`;
  const { version } = reply;
  if (reply.kind === 'stored') return jsonAnswer({ version, created: reply.created }, headers);
  if (reply.kind === 'deleted') return jsonAnswer({ version, existed: reply.existed }, headers);
  const contentType = { 'content-type': 'application/octet-stream' };
  return new Response(reply.value as Uint8Array<ArrayBuffer>, {
    headers: { ...securityHeaders, ...contentType, ...headers },
  });
}

/** What `GET /v1/status` tells about a node. */
export interface NodeStatus {
  readonly id: string;
  readonly epoch: number;
  readonly state: 'joining' | 'serving' | 'draining' | 'stopping';
  readonly settled: boolean;
  readonly keys: number;
  readonly bytes: number;
  /** Old owners from which keys are still to come. */
  readonly openSources: readonly string[];
  /** Keys frozen here that their new owners have not pulled yet. */
  readonly outboxKeys: number;
  readonly served: number;
  readonly forwarded: number;
  readonly pulledInPages: number;
  readonly pulledOnDemand: number;
  readonly rssBytes: number;
}

function statusOf(context: NodeContext): NodeStatus {
  const { id, partition, handover, router } = context;
  const { epoch, settled, openSources } = partition;
  const member = epoch > 0 && partition.view.isMember(id);
  const active = member ? 'serving' : 'draining';
  const state = context.stopping ? 'stopping' : epoch === 0 ? 'joining' : active;
  return {
    id,
    epoch,
    state,
    settled,
    keys: partition.keyCount,
    bytes: partition.byteCount,
    openSources,
    outboxKeys: partition.outboxCount,
    served: router.served,
    forwarded: router.forwarded,
    pulledInPages: handover.pulledInPages,
    pulledOnDemand: handover.pulledOnDemand,
    rssBytes: process.memoryUsage.rss(),
  };
}
