import { type NodeId, QuorateError, errorCode, sleep } from '@quorate/core';
import {
  type ClientEnv,
  type Env,
  type Invariant,
  type NodeEnv,
  type Scenario,
  defineScenario,
} from '@quorate/sim';
import { type Requests, createRequests } from '@quorate/transport';

/** What is wrong on purpose, so that the invariants are seen to find it. */
interface Bug {
  /** An answer goes to whoever asked last. */
  readonly answersAnother?: boolean;
  /** A handler that has run claims that it has not. */
  readonly claimsNotApplied?: boolean;
  /** A handler does not listen to its signal. */
  readonly ignoresSignal?: boolean;
}

const text = new TextEncoder();
const read = new TextDecoder();
const deadlineMaxMs = 120;

function open(env: Env, concurrencyMax = 3): Requests {
  const { clock, random, transport } = env;
  return createRequests(transport, {
    clock,
    random: random.fork('requests'),
    limits: { concurrencyMax, queueMax: 2, windowBytes: 1024 },
  });
}

/** Handlers that take their time, one that ends only when it is told to, and a stream that sends everything back. */
async function node(env: NodeEnv, bug: Bug): Promise<void> {
  // Handlers that never end would keep everybody else from running.
  const requests = open(env, bug.ignoresSignal === true ? 10_000 : 3);
  let latest = new Uint8Array(0);
  env.observe({ type: 'started', node: env.self, incarnation: env.incarnation });
  requests.handle('work', async ({ body, signal }) => {
    const id = read.decode(body);
    latest = body as Uint8Array<ArrayBuffer>;
    env.observe({ type: 'handled', id });
    if (bug.claimsNotApplied === true && env.random.below(10) === 0)
      throw new QuorateError('REFUSED', 'Not so', { outcome: 'not-applied' });
    await sleep(env.clock, env.random.below(60), { signal });
    return bug.answersAnother === true ? latest : body;
  });
  requests.handle('hang', async ({ body, signal }) => {
    const id = read.decode(body);
    env.observe({ type: 'begun', id, node: env.self, incarnation: env.incarnation });
    await new Promise<void>(resolve => {
      if (bug.ignoresSignal !== true) signal.addEventListener('abort', () => resolve());
    });
    env.observe({ type: 'told', id });
    env.reached('a handler was told that nobody waits');
  });
  requests.handleStream('echo', async stream => {
    for await (const chunk of stream) await stream.write(chunk);
  });
  await requests.start();
}

/** Asks until the workload ends, then until every node has answered. */
async function client(env: ClientEnv): Promise<void> {
  const requests = open(env);
  await requests.start();
  const { random } = env;
  for (let number = 0; !env.workload.aborted; number++) {
    await sleep(env.clock, random.below(20));
    const to = env.nodes[random.below(env.nodes.length)] as NodeId;
    const id = `${env.index}:${number}`;
    const kind = random.below(10);
    if (kind === 0) await stream(env, requests, to);
    else void ask(env, requests, to, kind < 4 ? 'hang' : 'work', id);
  }
  for (const to of env.nodes) {
    for (let attempt = 0; !(await ask(env, requests, to, 'work', `${env.index}:${to}:${attempt}`)); attempt++)
      await sleep(env.clock, 100);
  }
  await sleep(env.clock, deadlineMaxMs);
}

async function ask(
  env: ClientEnv,
  requests: Requests,
  to: NodeId,
  method: string,
  id: string,
): Promise<boolean> {
  const deadlineMs = 5 + env.random.below(deadlineMaxMs - 5);
  const controller = new AbortController();
  const impatient = env.random.below(5) === 0;
  const timer = env.clock.setTimer(env.random.below(deadlineMs), () => {
    if (impatient) controller.abort();
  });
  const startMs = env.clock.monotonicMs();
  try {
    const answer = await requests.request(to, method, text.encode(id), {
      deadlineMs,
      signal: controller.signal,
    });
    env.observe({ type: 'answered', id, answer: read.decode(answer) });
    return true;
  } catch (error) {
    const { outcome, code } = error as QuorateError;
    env.observe({ type: 'failed', id, outcome, code });
    env.reached(`failed: ${code}`);
    return false;
  } finally {
    timer.cancel();
    const overMs = env.clock.monotonicMs() - startMs - deadlineMs;
    env.observe({ type: 'settled', id, overMs });
  }
}

/** Sends numbered chunks and reads them back; what comes must be a beginning of what was sent. */
async function stream(env: ClientEnv, requests: Requests, to: NodeId): Promise<void> {
  const deadlineMs = 2000;
  try {
    await using echo = await requests.openStream(to, 'echo', undefined, { deadlineMs });
    const writing = (async () => {
      for (let value = 0; value < 20; value++)
        await echo.write(new Uint8Array(200).fill(value), { deadlineMs });
      echo.end();
    })();
    writing.catch(() => {}); // The reader sees how the stream ends.
    let bytes = 0;
    for (
      let chunk = await echo.read({ deadlineMs });
      chunk !== undefined;
      chunk = await echo.read({ deadlineMs })
    ) {
      for (const value of chunk) {
        if (value !== Math.floor(bytes++ / 200)) env.observe({ type: 'garbled', at: bytes, value });
      }
    }
    if (bytes !== 4000) env.observe({ type: 'garbled', at: bytes, value: 'the end' });
    env.reached('a stream came whole');
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    env.reached(`stream failed: ${errorCode(error)}`);
  }
}

/** An answer belongs to its request, and one of a stream's bytes to its place. */
function answersBelong(): Invariant {
  const rule = 'answers-belong';
  return {
    name: rule,
    observe(fact) {
      if (fact.type === 'garbled')
        return { rule, message: `A stream had ${String(fact['value'])} at ${String(fact['at'])}` };
      if (fact.type !== 'answered' || fact['answer'] === fact['id'] || fact['answer'] === '')
        return undefined;
      return {
        rule,
        message: `The request "${String(fact['id'])}" was answered with "${String(fact['answer'])}"`,
      };
    },
  };
}

/** What failed as `not-applied` was not handled and never is, and nothing is handled twice. */
function outcomesAreTrue(): Invariant {
  const rule = 'outcomes-are-true';
  const [handled, refused] = [new Set<unknown>(), new Set<unknown>()];
  return {
    name: rule,
    observe(fact) {
      const { type } = fact;
      const id = String(fact['id']);
      if (type === 'handled' || type === 'begun') {
        if (handled.has(id)) return { rule, message: `The request "${id}" was handled twice` };
        handled.add(id);
      } else if (type === 'failed' && fact['outcome'] === 'not-applied') refused.add(id);
      else return undefined;
      if (!handled.has(id) || !refused.has(id)) return undefined;
      return { rule, message: `The request "${id}" was handled, and failed as not applied` };
    },
  };
}

/** Nothing waits beyond its deadline. */
function deadlinesHold(): Invariant {
  const rule = 'deadlines-hold';
  return {
    name: rule,
    observe(fact) {
      if (fact.type !== 'settled' || (fact['overMs'] as number) <= 1) return undefined;
      return {
        rule,
        message: `The request "${String(fact['id'])}" took ${String(fact['overMs'])} ms longer than it might`,
      };
    },
  };
}

/** Every handler that runs where nobody waits any more is told so, unless its node has crashed. */
function handlersAreTold(): Invariant {
  const rule = 'handlers-are-told';
  const incarnations = new Map<unknown, unknown>();
  const begun = new Map<unknown, { readonly node: unknown; readonly incarnation: unknown }>();
  return {
    name: rule,
    observe(fact) {
      if (fact.type === 'started') incarnations.set(fact['node'], fact['incarnation']);
      else if (fact.type === 'begun')
        begun.set(fact['id'], { node: fact['node'], incarnation: fact['incarnation'] });
      else if (fact.type === 'told') begun.delete(fact['id']);
      return undefined;
    },
    finish() {
      for (const [id, { node: at, incarnation }] of begun) {
        if (incarnations.get(at) !== incarnation) continue;
        return {
          rule,
          message: `The handler of "${String(id)}" at ${String(at)} was never told that nobody waits`,
        };
      }
      return undefined;
    },
  };
}

function requestsScenario(name: string, summary: string, bug: Bug = {}): Scenario {
  return defineScenario({
    name,
    summary,
    nodes: ['ada', 'bob', 'cyd'],
    clients: 2,
    faults: { network: { mode: 'stream' }, process: { downMax: 2 }, clock: { driftMax: 0.01 } },
    safetyMs: 3000,
    livenessMs: 20_000,
    probes: [
      'a handler was told that nobody waits',
      'a stream came whole',
      'stream failed: CONNECTION_LOST',
      'failed: ABORTED',
      'failed: CONNECTION_LOST',
      'failed: DEADLINE_EXCEEDED',
      'failed: OVERLOADED',
      'failed: UNAVAILABLE',
    ],
    invariants: [answersBelong, outcomesAreTrue, deadlinesHold, handlersAreTold],
    node: env => node(env, bug),
    client,
  });
}

export const correct: Scenario = requestsScenario(
  'requests',
  'Requests with deadlines and streams, between nodes that crash over links that break',
);

export const answersAnother: Scenario = requestsScenario(
  'requests-answer-another',
  'Bug: an answer goes to another request',
  { answersAnother: true },
);

export const claimsNotApplied: Scenario = requestsScenario(
  'requests-claim-not-applied',
  'Bug: what was handled fails as not applied',
  { claimsNotApplied: true },
);

export const ignoresSignal: Scenario = requestsScenario(
  'requests-ignore-signal',
  'Bug: a handler does not end when nobody waits',
  { ignoresSignal: true },
);
