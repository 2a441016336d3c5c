import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HttpBindings } from '@hono/node-server';
import { type Clock, QuorateError, type Random } from '@quorate/core';
import {
  checkedKey,
  createToken,
  defaultLimits,
  jsonAnswer,
  keyFromQuery,
  listenOnLoopback,
  Problem,
  problemAnswer,
  securityHeaders,
  tokenCheck,
} from '@quorate/node';
import { Hono } from 'hono';
import type { ChangeReport, Demo } from './demo.ts';
import { Feed } from './feed.ts';
import type { CatchUpReport } from './replication/revival.ts';

/** The page's server: it is listening. */
export interface Dashboard {
  /** The page's address with its token in the fragment, which browsers keep to themselves. */
  readonly pageUrl: string;
  /** While this is set, buttons are refused: two hands on one cluster would make its report meaningless. */
  busy: string | undefined;
  /** Gives up what is under way; not there where that cannot be. */
  cancel: (() => void) | undefined;
  close(): Promise<void>;
}

type Writable<Type> = { -readonly [Key in keyof Type]: Type[Key] };
type App = Hono<{ Bindings: HttpBindings }>;

const nodesMax = 9;

/** Scripts, styles and requests from this server only; nothing inline, nothing from elsewhere, no framing. */
const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const files: Readonly<Record<string, readonly [file: string, type: string]>> = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/page.css': ['page.css', 'text/css; charset=utf-8'],
  '/page.js': ['page.js', 'text/javascript; charset=utf-8'],
  '/ring-picture.js': ['ring-picture.js', 'text/javascript; charset=utf-8'],
  '/replica-panel.css': ['replica-panel.css', 'text/css; charset=utf-8'],
  '/replica-panel.js': ['replica-panel.js', 'text/javascript; charset=utf-8'],
  '/server-events.js': ['server-events.js', 'text/javascript; charset=utf-8'],
};

/** Serves the page and its API on loopback. @throws QuorateError `PORT_TAKEN` */
export async function startDashboard(
  demo: Demo,
  clock: Clock,
  random: Random,
  port: number,
): Promise<Dashboard> {
  const token = createToken();
  const app: App = new Hono();
  const dashboard: Writable<Dashboard> = {
    pageUrl: '',
    busy: undefined,
    cancel: undefined,
    close: async () => {},
  };
  const feed = new Feed(demo, clock, dashboard);
  addPage(app);
  const hasToken = tokenCheck(token);
  app.use('/v1/*', async (c, next) => {
    if (!hasToken(c.env.incoming)) {
      throw new Problem(
        401,
        'UNAUTHORIZED',
        'Open the page by the address that the demo printed: it carries the token',
      );
    }
    await next();
  });
  app.get('/v1/events', () => feed.open());
  app.get('/v1/locate', c => locate(demo, random, c.env.incoming.url ?? ''));
  addButtons(app, demo, dashboard);
  app.onError(error => problemAnswer(asConflict(error)));
  app.notFound(c =>
    problemAnswer(new Problem(404, 'NO_SUCH_ROUTE', `Nothing answers ${c.req.method} ${c.req.path}`)),
  );
  const server = await listenOnLoopback({ port, fetch: (request, bindings) => app.fetch(request, bindings) });
  dashboard.pageUrl = `${server.url}/#token=${token}`;
  dashboard.close = async () => {
    feed[Symbol.dispose]();
    await server.close(200);
  };
  return dashboard;
}

function addPage(app: App): void {
  for (const [path, [file, type]] of Object.entries(files)) {
    const body = readFileSync(join(import.meta.dirname, 'page', file));
    const headers = { ...securityHeaders, 'content-security-policy': pagePolicy, 'content-type': type };
    app.get(path, () => new Response(new Uint8Array(body), { headers }));
  }
}

function addButtons(app: App, demo: Demo, dashboard: Dashboard): void {
  const act = async (
    what: string,
    change: () => Promise<ChangeReport | CatchUpReport>,
  ): Promise<Response> => {
    if (dashboard.busy !== undefined) {
      throw new Problem(409, 'BUSY', `${dashboard.busy} is under way: try again when it is over`, {
        retryable: true,
      });
    }
    dashboard.busy = what;
    try {
      return jsonAnswer(await change());
    } finally {
      dashboard.busy = undefined;
      dashboard.cancel = undefined;
    }
  };
  app.post('/v1/nodes', () => {
    if (demo.cluster.members.length >= nodesMax) {
      throw new Problem(409, 'TOO_MANY_NODES', `The demo shows at most ${nodesMax} nodes`);
    }
    return act('Adding a node', () => demo.add());
  });
  app.delete('/v1/nodes/:id', c => {
    const id = c.req.param('id');
    return act(`Removing ${id}`, () => {
      const cancelling = new AbortController();
      dashboard.cancel = () => {
        dashboard.cancel = undefined;
        dashboard.busy = `Cancelling the removal of ${id}`;
        cancelling.abort();
      };
      const passed = (): void => {
        dashboard.cancel = undefined;
      };
      return demo.remove(id, { signal: cancelling.signal, passed });
    });
  });
  app.delete('/v1/change', () => {
    const { cancel, busy } = dashboard;
    if (cancel === undefined) {
      const detail = busy === undefined ? 'Nothing is under way' : `${busy} cannot be cancelled any more`;
      throw new Problem(409, 'NOTHING_TO_CANCEL', detail);
    }
    cancel();
    return jsonAnswer({ cancelled: busy });
  });
  app.post('/v1/nodes/:id/start', c =>
    act(`Starting ${c.req.param('id')} again`, () => demo.startAgain(c.req.param('id'))),
  );
  app.post('/v1/nodes/:id/kill', c =>
    act(`Killing ${c.req.param('id')}`, () => demo.kill(c.req.param('id'))),
  );
}

/** Where a key lives and what it holds, asked of a node picked at random. */
async function locate(demo: Demo, random: Random, target: string): Promise<Response> {
  const question = target.indexOf('?');
  const key = checkedKey(keyFromQuery(target.slice(question + 1), defaultLimits), defaultLimits);
  const { members, view, client } = demo.cluster;
  const asked = members[random.below(Math.max(1, members.length))];
  if (asked === undefined) throw new Problem(503, 'NO_NODES', 'No node is running', { retryable: true });
  const answer = await client.single(asked.url, { op: 'get', key });
  const found = answer.status === 200;
  return jsonAnswer({
    key,
    owner: view.owner(key),
    asked: asked.id,
    position: Number(view.ring.hash(key)) / 0x1_0000_0000,
    value: found ? answer.value : null,
    version: found ? answer.version : null,
    code: answer.code ?? null,
  });
}

/** What the cluster refuses (no such node, the last node) is the request's fault, not the server's. */
function asConflict(error: unknown): unknown {
  if (error instanceof Problem || !(error instanceof QuorateError) || error.outcome !== 'not-applied')
    return error;
  return new Problem(409, error.code, error.message, { retryable: error.retryable });
}
