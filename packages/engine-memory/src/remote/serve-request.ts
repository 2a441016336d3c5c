import { type Condition, type Revision, type SessionId, sessionId, type Store } from '@quorate/core';
import type { Memory, NextChanges } from '../memory.ts';
import type { WireValue } from './value-codec.ts';

/** What requests are carried out on. */
export interface Served {
  /** Checks what comes in as anybody's arguments, whatever it is. */
  readonly store: Store;
  readonly memory: Memory;
  /** The largest request that is taken. */
  readonly requestMaxBytes: number;
}

/** How many bytes of values a watch is told at once, unless one batch has more: the rest it asks for next. */
const toldMaxBytes = 1_048_576;

/** Arguments as they came: of no type until somebody has checked them. */
type Unchecked = readonly [never, never, never, never, never];

type Verb = (served: Served, args: Unchecked, signal: AbortSignal) => unknown;

const verbs: ReadonlyMap<WireValue, Verb> = new Map<WireValue, Verb>([
  [
    'hello',
    ({ memory, requestMaxBytes }) => {
      const { incarnation, capabilities } = memory;
      return { incarnation, capabilities: { ...capabilities }, requestMaxBytes };
    },
  ],
  ['get', ({ store }, [key]) => store.get(key)],
  ['list', ({ store }, [prefix, options]) => store.list(prefix, options)],
  [
    'put',
    async ({ store }, [key, value, condition, operation, session]) =>
      settled(await store.put(key, value, condition, given({ operation, session }))),
  ],
  [
    'delete',
    async ({ store }, [key, condition, operation]) =>
      settled(await store.delete(key, condition, given({ operation }))),
  ],
  [
    'enqueue',
    async ({ store }, [prefix, value, session, operation]) =>
      settled(await store.enqueue!(prefix, value, { ...given({ operation }), session })),
  ],
  ['add', async ({ store }, [key, delta, operation]) => settled(await store.add!(key, delta, { operation }))],
  [
    'batch',
    async ({ store }, [conditions, writes, operation]) =>
      settled(await store.batch!(new Map<string, Condition>(conditions), writes, given({ operation }))),
  ],
  ['watch', ({ store, memory }, args, signal) => watch(store, memory, args, signal)],
  ['open', ({ memory }, [ttlMs]) => memory.sessions.open(checkedTtl(memory, ttlMs))],
  ['renew', ({ memory }, [session]) => memory.sessions.renew(sessionId(session))],
  ['end', ({ memory }, [session]) => memory.sessions.end(sessionId(session))],
  ['observe', ({ memory }, [session], signal) => observe(memory, sessionId(session), signal)],
]);

/**
 * Carries one request out. Where the signal aborts, what waits is answered as things stand.
 *
 * @throws whatever the store throws
 */
export async function serveRequest(
  served: Served,
  verb: WireValue,
  args: readonly WireValue[],
  signal: AbortSignal,
): Promise<WireValue> {
  const carryOut = verbs.get(verb);
  if (carryOut === undefined) throw new TypeError('Request must be for something that there is');
  const result = (await carryOut(served, args as unknown as Unchecked, signal)) as WireValue;
  if (!revisedVerbs.has(verb)) return result;
  // A revision is one of this memory alone.
  return { ...(result as object), incarnation: served.memory.incarnation };
}

/** What is answered with a revision. */
const revisedVerbs: ReadonlySet<WireValue> = new Set<WireValue>([
  'list',
  'put',
  'delete',
  'enqueue',
  'add',
  'batch',
]);

/** What waits until something happens, and may wait for long. */
const heldVerbs: ReadonlySet<WireValue> = new Set<WireValue>(['watch', 'observe']);

/** Whether a request may be under way for long; all others are done within one turn. */
export function isHeld(verb: WireValue): boolean {
  return heldVerbs.has(verb);
}

/** Waits for changes after a revision, unless it is one of a memory before this one. */
async function watch(
  store: Store,
  memory: Memory,
  [prefix, from, incarnation]: Unchecked,
  signal: AbortSignal,
): Promise<unknown> {
  // It checks its arguments, and is not begun.
  store.watch(prefix, from, { signal });
  const upTo: Revision = memory.read(prefix, ({ revision }) => revision);
  // One that is still to come was listed in a memory before this one, whatever the client takes it for.
  if (incarnation !== memory.incarnation || from > upTo) return { upTo, incarnation: memory.incarnation };
  return { ...firstOf(await memory.nextChanges(prefix, from, signal)), incarnation };
}

/** As many changes as fit one answer, cut between revisions. */
function firstOf({ changes, upTo }: NextChanges): NextChanges {
  let bytes = 0;
  for (const [index, { entry, revision }] of (changes ?? []).entries()) {
    bytes += entry.value.length;
    const before = changes?.[index - 1]?.revision;
    if (bytes > toldMaxBytes && before !== undefined && before !== revision) {
      return { changes: changes?.slice(0, index), upTo: before };
    }
  }
  return { changes, upTo };
}

/** Whether a session is dead, as soon as it is. */
async function observe(memory: Memory, session: SessionId, signal: AbortSignal): Promise<boolean> {
  await memory.sessions.observe(session, signal);
  return !memory.sessions.isAlive(session);
}

function checkedTtl(memory: Memory, ttlMs: number): number {
  const { ttlMinMs } = memory.capabilities;
  if (typeof ttlMs === 'number' && ttlMs >= ttlMinMs && ttlMs < 2 ** 31) return ttlMs;
  throw new RangeError(`Time to live in ms must be at least ${ttlMinMs}: received ${String(ttlMs)}`);
}

/** Options without those that are undefined. */
function given<Options extends object>(options: Options): Options {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Options;
}

/** A result as it is sent. One that is unknown is thrown as its cause, which the client makes a value of again. */
function settled(result: { readonly outcome: string; readonly cause?: unknown }): unknown {
  if (result.outcome === 'unknown') throw result.cause;
  return result;
}
