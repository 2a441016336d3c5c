import {
  errorCode,
  nodeId,
  type OperationId,
  QuorateError,
  type Session,
  sleep,
  type Store,
  type WriteResult,
} from '@quorate/core';
import { type ClientEnv, counter, defineScenario, linearizable, register, type Scenario } from '@quorate/sim';
import { connectStore, createMemoryStore, serveStore } from '../src/index.ts';

const server = nodeId('server');
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (value: Uint8Array): string => new TextDecoder().decode(value);

/** A server of a memory, and clients that reach it over a network on which everything goes wrong. */
export function serving(
  name: string,
  parts: Pick<Scenario, 'summary' | 'client'> & Partial<Scenario>,
): Scenario {
  return defineScenario({
    name,
    nodes: ['server'],
    clients: 3,
    faults: { network: true, process: { pauses: true } },
    safetyMs: 5000,
    livenessMs: 60_000,
    async node(env) {
      const { clock, random } = env;
      const store = createMemoryStore({ clock, random: random.fork('memory'), changesMax: 4 });
      await serveStore(store, env.transport, { outgoingMaxBytes: 65_536 });
    },
    ...parts,
  });
}

/** A client's store. Its answers are waited for shortly, so that many are taken for lost that still come. */
function connect({ transport, clock, random }: ClientEnv): Promise<Store> {
  return connectStore(transport, server, {
    clock,
    random: random.fork('link'),
    patienceMs: 150,
    holdMs: 500,
  });
}

function isUnavailable(thrown: unknown): boolean {
  return ['UNAVAILABLE', 'DEADLINE_EXCEEDED'].includes(errorCode(thrown) ?? '');
}

async function openSession(store: Store, env: ClientEnv): Promise<Session> {
  for (;;) {
    try {
      return await store.session({ ttlMs: 60_000 });
    } catch (thrown) {
      if (!isUnavailable(thrown)) throw thrown;
      await sleep(env.clock, 20);
    }
  }
}

/** Reads, and sets what it read under the condition that nobody else has: each value is written once. */
async function compareAndSetOnce(store: Store, env: ClientEnv, to: string): Promise<void> {
  const read = await env.operation({ type: 'read' }, async () => {
    const entry = await store.get('p/k');
    return entry === undefined ? null : textOf(entry.value);
  });
  if (read === undefined) return;
  const current = await store.get('p/k').catch(() => 'unreachable' as const);
  if (current === 'unreachable') return;
  const from = current === undefined ? null : textOf(current.value);
  const condition = current === undefined ? ({ absent: true } as const) : { modified: current.modified };
  const options = env.random.below(3) === 0 ? { deadlineMs: env.random.below(20) } : {};
  await env.operation({ type: 'cas', from, to }, async () => {
    const result: WriteResult = await store.put('p/k', bytes(to), condition, options);
    if (result.outcome === 'unknown') {
      env.reached('a write whose outcome is unknown');
      throw result.cause;
    }
    return result.outcome === 'applied';
  });
}

/** Clients that compare and set one key. */
export const compareAndSet: Scenario = serving('served-memory-register', {
  summary: 'Clients of a served memory compare and set one key',
  probes: ['a write whose outcome is unknown'],
  check: linearizable(register()),
  async client(env) {
    const store = await connect(env);
    for (let turn = 1; !env.workload.aborted; turn++) {
      await sleep(env.clock, env.random.below(40));
      await compareAndSetOnce(store, env, `${env.index}:${turn}`);
    }
  },
});

/** Adds until it knows that it did. */
async function addOnce(store: Store, env: ClientEnv, operation: () => OperationId): Promise<number> {
  for (let attempt = 0; ; attempt++) {
    const options = { operation: operation(), deadlineMs: 10 + env.random.below(200) };
    const result = await store.add!('c/n', 1n, options).catch((thrown: unknown) => {
      if (!isUnavailable(thrown)) throw thrown;
      return undefined;
    });
    if (result?.outcome === 'applied') {
      if (attempt > 0) env.reached('an addition that was repeated');
      return Number(result.value);
    }
    if (result?.cause.code === 'SESSION_LOST')
      throw new QuorateError('LOST', 'Nobody knows', { cause: result.cause });
    await sleep(env.clock, 20);
  }
}

function counting(name: string, isForgetful: boolean): Scenario {
  return serving(name, {
    summary: isForgetful
      ? 'A client that takes a new operation id for each attempt adds twice'
      : 'Clients of a served memory add to one number, each addition repeated until it is known',
    probes: ['an addition that was repeated'],
    check: linearizable(counter()),
    async client(env) {
      const store = await connect(env);
      const session = await openSession(store, env);
      let sequence = 0;
      while (!env.workload.aborted) {
        await sleep(env.clock, env.random.below(60));
        const first = { session: session.id, sequence: ++sequence };
        const operation = (): OperationId =>
          isForgetful ? { session: session.id, sequence: ++sequence } : first;
        await env.operation({ type: 'add', by: 1 }, () => addOnce(store, env, operation));
      }
    },
  });
}

/** Clients that add to one number. */
export const count: Scenario = counting('served-memory-counter', false);

/** The same with a bug: the invariant must find it. */
export const countForgetful: Scenario = counting('served-memory-counter-forgetful', true);

async function follow(
  store: Store,
  env: ClientEnv,
  found: Map<string, number>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const listing = await store.list('p/', { deadlineMs: 500 }).catch(() => undefined);
    if (listing === undefined) {
      await sleep(env.clock, 20);
      continue;
    }
    found.clear();
    for (const { key, modified } of listing.entries) found.set(key, modified);
    for await (const event of store.watch('p/', listing.revision, { signal })) {
      if (event.type === 'resync') {
        env.reached('a watch that missed changes');
        break;
      }
      if (event.type === 'put') found.set(event.entry.key, event.entry.modified);
      else found.delete(event.entry.key);
    }
  }
}

async function change(store: Store, env: ClientEnv): Promise<void> {
  const key = `p/${env.random.below(5)}`;
  const entry = await store.get(key, { deadlineMs: 200 });
  const condition = entry === undefined ? ({ absent: true } as const) : { modified: entry.modified };
  if (entry !== undefined && env.random.below(3) === 0) {
    await store.delete(key, { modified: entry.modified }, { deadlineMs: 200 });
  } else await store.put(key, bytes(`${env.index}`), condition, { deadlineMs: 200 });
}

async function isAlike(store: Store, found: ReadonlyMap<string, number>): Promise<boolean> {
  const listing = await store.list('p/', { deadlineMs: 500 }).catch(() => undefined);
  if (listing === undefined || listing.entries.length !== found.size) return false;
  return listing.entries.every(({ key, modified }) => found.get(key) === modified);
}

/** Clients that watch what all of them change: in the end each has what is there. */
function following(name: string, parts: Pick<Scenario, 'summary' | 'probes'> & Partial<Scenario>): Scenario {
  return serving(name, {
    async client(env) {
      const store = await connect(env);
      const controller = new AbortController();
      const found = new Map<string, number>();
      const following = follow(store, env, found, controller.signal);
      while (!env.workload.aborted) {
        await sleep(env.clock, env.random.below(60));
        await change(store, env).catch((thrown: unknown) => {
          if (!isUnavailable(thrown)) throw thrown;
        });
      }
      while (!(await isAlike(store, found))) await sleep(env.clock, 200);
      controller.abort();
      await following;
    },
    ...parts,
  });
}

/** A server that stays. */
export const watching: Scenario = following('served-memory-watch', {
  summary: 'Clients of a served memory follow its changes, and list again at each resync',
  probes: ['a watch that missed changes'],
});

/** A server that is killed, and another memory comes in its place: what was listed before is of no use. */
export const watchingRestarts: Scenario = following('served-memory-restarts', {
  summary: 'Clients of a memory whose server is killed follow what is there, though revisions begin anew',
  faults: { network: true, process: { crashes: true, pauses: true } },
  probes: ['a watch that missed changes'],
});
