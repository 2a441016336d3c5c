import type { HttpBindings } from '@hono/node-server';
import { type NodeId, nodeId } from '@quorate/core';
import { type SessionOperation, sessionWindowMax } from '@quorate/replication';
import type { Hono } from 'hono';
import { keyNotFound } from '../batch-codec.ts';
import { jsonAnswer } from '../http/answer.ts';
import { securityHeaders } from '../http/loopback-server.ts';
import { readBody } from '../http/request-body.ts';
import { checkedValue, keyFromTarget } from '../http/request-key.ts';
import { deadlineOf, jsonBody, type NodeContext, withinFlight } from '../node-context.ts';
import { Problem } from '../problem.ts';
import { decodeAnswer, decodeReply, encodeCommand, type MapCommand } from './map-command.ts';
import { replicaProblem } from './replica-problem.ts';
import { replicaReport } from './replica-report.ts';
import { mapBytesMax } from './replica-seat.ts';

type App = Hono<{ Bindings: HttpBindings }>;
type Incoming = HttpBindings['incoming'];

const prefix = '/v1/replicated';
const readModes = ['linearizable', 'follower', 'lease', 'local'] as const;

/**
 * The routes of the replicated map. A write goes to the leader; whoever does not lead answers `NOT_LEADER` with the leader's
 * url. Requests that carry `Quorate-Session` and `Quorate-Sequence` can be repeated until their outcome is known.
 */
export function addReplicaRoutes(app: App, context: NodeContext): void {
  const { seat, limits } = context;
  const guarded = async (work: () => Promise<Response>): Promise<Response> => {
    try {
      return await withinFlight(context, 1, work);
    } catch (thrown) {
      throw replicaProblem(thrown, seat);
    }
  };
  const keyOf = (incoming: Incoming): string => keyFromTarget(incoming.url ?? '', prefix, limits);
  for (const path of [prefix, `${prefix}/*`]) {
    app.get(path, c => guarded(() => read(context, keyOf(c.env.incoming), c.env.incoming)));
    app.put(path, c =>
      guarded(async () => {
        const { incoming } = c.env;
        const key = keyOf(incoming);
        const value = checkedValue(await readBody(incoming, limits.bodyBytesMax), limits);
        return write(context, { kind: 'put', key, value }, incoming);
      }),
    );
    app.delete(path, c =>
      guarded(() => write(context, { kind: 'delete', key: keyOf(c.env.incoming) }, c.env.incoming)),
    );
  }
  app.post('/v1/replica/sessions', c =>
    guarded(async () => {
      const session = await seat.replica.openSession(deadline(c.env.incoming));
      return jsonAnswer({ session: session.id, ttlMs: session.ttlMs });
    }),
  );
  app.get('/v1/replica', () => guarded(async () => jsonAnswer(replicaReport(seat))));
  app.post('/v1/peer/replica/transfer', c =>
    guarded(async () => {
      const leader = await seat.replica.transferLeadership(undefined, deadline(c.env.incoming));
      return jsonAnswer({ leader });
    }),
  );
  app.post('/v1/peer/replica/reconfigure', c =>
    guarded(async () => {
      const { incoming } = c.env;
      const { voters, learners, remove } = await jsonBody(incoming, limits);
      const change = { voters: idsOf(voters), learners: idsOf(learners), remove: idsOf(remove) };
      const { membership } = await seat.replica
        .reconfigure(change, deadline(incoming))
        .catch(refuseRangeError);
      return jsonAnswer({ voters: membership.voters, learners: membership.learners });
    }),
  );
}

/** @throws Problem `BAD_REQUEST` */
function idsOf(value: unknown = []): NodeId[] {
  try {
    if (Array.isArray(value)) return value.map(id => nodeId(id as string));
  } catch {
    // Said below.
  }
  throw new Problem(400, 'BAD_REQUEST', 'voters, learners and remove must be lists of node ids');
}

/** A replica refuses so what is no change: a member that is named twice. @throws Problem `BAD_REQUEST` */
function refuseRangeError(thrown: unknown): never {
  if (!(thrown instanceof RangeError)) throw thrown;
  throw new Problem(400, 'BAD_REQUEST', thrown.message, { cause: thrown });
}

async function write({ seat }: NodeContext, command: MapCommand, incoming: Incoming): Promise<Response> {
  const session = operationOf(incoming);
  const options = { ...deadline(incoming), session };
  const receipt = await seat.replica.write(encodeCommand(command), options);
  const { outcome, version } = decodeReply(receipt.reply ?? new Uint8Array(0));
  if (outcome === 'full') {
    const detail = `The replicated map may hold at most ${mapBytesMax} bytes of keys and values`;
    throw new Problem(507, 'STORE_FULL', detail);
  }
  const { term, index, replicas, durability } = receipt;
  const known = { version, term, index, replicas, durability };
  if (command.kind === 'delete') return jsonAnswer({ ...known, existed: outcome === 'deleted' });
  return jsonAnswer({ ...known, created: outcome === 'created' });
}

async function read({ seat, id }: NodeContext, key: string, incoming: Incoming): Promise<Response> {
  const mode = modeOf(incoming);
  const answer = await seat.replica.read(Buffer.from(key), { mode, ...deadline(incoming) });
  const entry = decodeAnswer(answer);
  if (entry === undefined) throw keyNotFound();
  const headers = { 'content-type': 'application/octet-stream', 'quorate-version': String(entry.version) };
  return new Response(entry.value as Uint8Array<ArrayBuffer>, {
    headers: { ...securityHeaders, ...headers, 'quorate-replica': id },
  });
}

function deadline(incoming: Incoming): { deadlineMs: number } {
  return { deadlineMs: deadlineOf(incoming.headers['deadline-ms']) };
}

function modeOf(incoming: Incoming): (typeof readModes)[number] {
  const given = incoming.headers['quorate-read'] ?? 'linearizable';
  const mode = readModes.find(name => name === given);
  if (mode !== undefined) return mode;
  const detail = `Quorate-Read must be one of ${readModes.join(', ')}: received ${JSON.stringify(given)}`;
  throw new Problem(400, 'BAD_READ_MODE', detail);
}

/** The operation that makes a repetition safe, if the client says one. @throws Problem `BAD_SESSION` */
function operationOf({ headers }: Incoming): SessionOperation | undefined {
  const session = headers['quorate-session'];
  const sequence = headers['quorate-sequence'];
  if (session === undefined && sequence === undefined) return undefined;
  const settled = headers['quorate-settled'] ?? '0';
  const numbers = [session, sequence, settled].map(given =>
    typeof given === 'string' && /^\d{1,15}$/.test(given) ? Number(given) : Number.NaN,
  );
  const [id = 0, number = 0, upTo = 0] = numbers;
  // A replica refuses by a RangeError what lies outside of its window; to a client that is a request of the wrong shape.
  const fits = id >= 1 && number >= 1 && upTo < number && upTo >= number - sessionWindowMax;
  if (fits) return { session: id, sequence: number, settled: upTo };
  throw new Problem(
    400,
    'BAD_SESSION',
    `Quorate-Session and Quorate-Sequence must be positive integers, Quorate-Settled less than the latter and at most ${sessionWindowMax} behind it`,
  );
}
