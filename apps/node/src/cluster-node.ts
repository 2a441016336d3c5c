import type { HttpBindings } from '@hono/node-server';
import { type Clock, nodeId, type StateMachine, systemClock } from '@quorate/core';
import { Hono } from 'hono';
import { defaultPace, Handover, type HandoverPace } from './handover.ts';
import { problemAnswer } from './http/answer.ts';
import { tokenCheck } from './http/bearer-token.ts';
import { listenOnLoopback, type LoopbackServer } from './http/loopback-server.ts';
import { defaultLimits, type Limits } from './limits.ts';
import type { NodeContext } from './node-context.ts';
import { Partition } from './partition.ts';
import { addPeerRoutes } from './peer-api.ts';
import { PeerClient } from './peer-client.ts';
import { Problem } from './problem.ts';
import { addPublicRoutes } from './public-api.ts';
import { addReplicaRoutes } from './replica/replica-api.ts';
import { ReplicaSeat } from './replica/replica-seat.ts';
import { Router } from './router.ts';

/** How to start a {@link ClusterNode}. */
export interface ClusterNodeOptions {
  readonly id: string;
  /** What clients must send as a bearer token. */
  readonly clientToken: string;
  /** What nodes and the supervisor send to each other. */
  readonly peerToken: string;
  readonly host?: string;
  readonly port?: number;
  readonly limits?: Partial<Limits>;
  readonly pace?: Partial<HandoverPace>;
  readonly clock?: Clock;
  /** What a replica's log is applied to, in place of the map; for tests. */
  readonly machine?: () => StateMachine;
}

/** One node of the cluster: it listens, and owns nothing until it is sent a view. */
export interface ClusterNode extends AsyncDisposable {
  readonly id: string;
  readonly url: string;
  /** What the node knows and holds; for tests and for embedding, read only. */
  readonly partition: Partition;
  /** Where a replica of the group can be started; empty until the supervisor says so. */
  readonly seat: ReplicaSeat;
  /** Finishes the requests it has, refuses new ones, and is gone within `graceMs`. */
  stop(graceMs?: number): Promise<void>;
}

const openPaths = new Set(['/healthz', '/readyz']);

/**
 * Starts a node in this process.
 *
 * @throws RangeError for a bad id, address, port or token
 * @throws QuorateError `PORT_TAKEN`, `LISTEN_FAILED`
 */
export async function startClusterNode(options: ClusterNodeOptions): Promise<ClusterNode> {
  const id = nodeId(options.id);
  const clock = options.clock ?? systemClock;
  const limits = { ...defaultLimits, ...options.limits };
  const pace = { ...defaultPace, ...options.pace };
  const partition = new Partition(id, limits);
  const peers = new PeerClient(id, options.peerToken, clock);
  const handover = new Handover(partition, peers, clock, pace);
  const router = new Router(id, partition, handover, peers, clock, limits);
  const seat = new ReplicaSeat(id, options.machine);
  const context: NodeContext = {
    id,
    seat,
    limits,
    clock,
    partition,
    handover,
    router,
    stopping: false,
    inFlight: 0,
  };
  const app = createApp(context, options, pace);
  const { host, port } = options;
  const server = await listenOnLoopback({
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
    fetch: (request, bindings) => app.fetch(request, bindings),
  });
  return running(context, server);
}

function createApp(
  context: NodeContext,
  options: ClusterNodeOptions,
  pace: HandoverPace,
): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>();
  const isClient = tokenCheck(options.clientToken);
  const isPeer = tokenCheck(options.peerToken);
  app.use(async (c, next) => {
    const { incoming } = c.env;
    if (!openPaths.has(c.req.path)) {
      const known = c.req.path.startsWith('/v1/peer/')
        ? isPeer(incoming)
        : isClient(incoming) || isPeer(incoming);
      if (!known)
        throw new Problem(401, 'UNAUTHORIZED', 'The request must carry the bearer token of the cluster');
    }
    await next();
  });
  addPublicRoutes(app, context);
  addPeerRoutes(app, context, pace);
  addReplicaRoutes(app, context);
  app.onError(error => problemAnswer(error));
  app.notFound(c =>
    problemAnswer(new Problem(404, 'NO_SUCH_ROUTE', `Nothing answers ${c.req.method} ${c.req.path}`)),
  );
  return app;
}

function running(context: NodeContext, server: LoopbackServer): ClusterNode {
  let stopped: Promise<void> | undefined;
  const stop = (graceMs = 1000): Promise<void> => {
    context.stopping = true;
    context.handover[Symbol.dispose]();
    stopped ??= server.close(graceMs).then(() => context.seat[Symbol.asyncDispose]());
    return stopped;
  };
  const { id, partition, seat } = context;
  return { id, url: server.url, partition, seat, stop, [Symbol.asyncDispose]: () => stop(0) };
}
