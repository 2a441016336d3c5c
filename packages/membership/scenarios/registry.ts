import { QuorateError, errorCode, sleep } from '@quorate/core';
import { type Registration, type ServiceSnapshot, createRegistry } from '@quorate/membership';
import { type ClientEnv, type Invariant, type NodeEnv, type Scenario, defineScenario } from '@quorate/sim';

const ttlMs = 2000;
/** How long a reader may take to see what is, once the faults are over. */
const settleMs = 20_000;

/** Registers under its own name, says which life it is in, and changes its health now and then. */
async function node(env: NodeEnv): Promise<void> {
  const registry = createRegistry(env.store, { clock: env.clock });
  const registration = await register(env, registry);
  registration.ended.addEventListener('abort', () => {
    env.observe({ type: 'ended', node: env.self, code: errorCode(registration.ended.reason) });
  });
  for (let count = 1; count <= 8; count++) {
    await sleep(env.clock, 300 + env.random.below(1500));
    await registration.setHealth('warning', `${env.incarnation}.${count}`);
    env.reached('health was changed');
  }
  await registration.setHealth('passing', `${env.incarnation}`);
  env.observe({ type: 'settled', node: env.self, life: env.incarnation });
}

/** Tries until it is registered: a wait that is given up leaves nothing. */
async function register(env: NodeEnv, registry: ReturnType<typeof createRegistry>): Promise<Registration> {
  for (;;) {
    try {
      const meta = { life: `${env.incarnation}` };
      const registration = await registry.register({
        service: 'work',
        id: env.self,
        address: env.self,
        meta,
        ttlMs,
        deadlineMs: 3000,
      });
      env.observe({ type: 'registered', node: env.self, life: env.incarnation });
      return registration;
    } catch (thrown) {
      if (!(thrown instanceof QuorateError)) throw thrown;
      env.reached('a registration was given up');
    }
  }
}

/** Watches all the time; once the faults are over and everybody has settled, what it saw last is what there is. */
async function client(env: ClientEnv): Promise<void> {
  const registry = createRegistry(env.store, { clock: env.clock });
  const ending = new AbortController();
  const watching = (async () => {
    for await (const snapshot of registry.watch('work', { signal: ending.signal })) tell(env, snapshot);
  })();
  if (!env.workload.aborted) await new Promise(resolve => env.workload.addEventListener('abort', resolve));
  await sleep(env.clock, settleMs);
  const found = await registry.discover('work', { deadlineMs: 5000 });
  env.observe({ type: 'discovered', seen: found.map(({ id, meta }) => `${id} ${meta['life']}`) });
  ending.abort();
  await watching;
}

function tell(env: ClientEnv, { instances, removed, updated }: ServiceSnapshot): void {
  if (removed.length > 0) env.reached('an instance went');
  if (updated.length > 0) env.reached('an instance changed');
  env.observe({
    type: 'seen',
    client: env.self,
    seen: instances.map(({ id, meta }) => `${id} ${meta['life']}`),
    revisions: instances.map(({ id, revision }) => [id, revision]),
  });
}

/** In the end both kinds of readers see every node, in its last life. */
function readersAgree(): Invariant {
  const rule = 'readers-agree';
  const lives = new Map<string, unknown>();
  const last = new Map<string, string>();
  return {
    name: rule,
    observe(fact) {
      if (fact.type === 'registered') lives.set(String(fact['node']), fact['life']);
      else if (fact.type === 'seen') last.set(`watch of ${String(fact['client'])}`, String(fact['seen']));
      else if (fact.type === 'discovered') last.set('discovery', String(fact['seen']));
      return undefined;
    },
    finish() {
      const expected = String([...lives].map(([id, life]) => `${id} ${String(life)}`).sort());
      for (const [reader, seen] of last) {
        if (seen !== expected)
          return { rule, message: `The ${reader} saw ${seen}, but there are ${expected}` };
      }
      return undefined;
    },
  };
}

/** What a reader sees of an instance never goes back, and no life is replaced by an earlier one. */
function readsGrow(): Invariant {
  const rule = 'reads-grow';
  const known = new Map<string, number>();
  return {
    name: rule,
    observe(fact) {
      if (fact.type === 'ended' && fact['code'] !== 'CLOSED') {
        // Lives of one node follow each other, and nobody else takes its id.
        return {
          rule,
          message: `The registration of ${String(fact['node'])} ended: ${String(fact['code'])}`,
        };
      }
      if (fact.type !== 'seen') return undefined;
      for (const [id, revision] of fact['revisions'] as readonly (readonly [string, number])[]) {
        const key = `${String(fact['client'])} ${id}`;
        const before = known.get(key) ?? 0;
        known.set(key, revision);
        if (revision < before) return { rule, message: `${key}: revision ${revision} after ${before}` };
      }
      return undefined;
    },
  };
}

export const registry: Scenario = defineScenario({
  name: 'registry',
  summary:
    'Three nodes register while they crash, stand still and lose the store; a reader sees all of them in the end',
  nodes: ['ada', 'bob', 'cyd'],
  clients: 1,
  faults: {
    network: { mode: 'stream' },
    process: { pauseMaxMs: 5000 },
    clock: { skewMaxMs: 60_000, driftMax: 0.01, jumps: true },
  },
  safetyMs: 20_000,
  livenessMs: 40_000,
  probes: ['health was changed', 'a registration was given up', 'an instance went', 'an instance changed'],
  invariants: [readersAgree, readsGrow],
  node,
  client,
});
