import { type Condition, type Entry, errorCode, revision, type Session, type Store } from '@quorate/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openSimStore, SimStoreService, type SimStoreOptions } from '../src/store/sim-store.ts';
import { ManualWorld } from './manual-device.ts';

const runs = (short: number): number => (process.env['QUORATE_LONG'] === undefined ? short : 20 * short);

type Keyed = 'put' | 'delete';
type Step =
  | {
      readonly type: Keyed;
      readonly key: string;
      readonly condition: 'absent' | 'modified' | 'created' | 'stale';
      readonly owned: boolean;
    }
  | { readonly type: 'list'; readonly limit: number; readonly newestFirst: boolean; readonly before: number }
  | { readonly type: 'batch'; readonly keys: readonly string[]; readonly condition: 'absent' | 'modified' }
  | { readonly type: 'enqueue' | 'end' };

const key = fc.constantFrom('p/a', 'p/b', 'p/c');
const script = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        type: fc.constantFrom<Keyed[]>('put', 'put', 'delete'),
        key,
        condition: fc.constantFrom(
          'absent' as const,
          'modified' as const,
          'created' as const,
          'stale' as const,
        ),
        owned: fc.boolean(),
      }),
    },
    fc.record({
      type: fc.constant('list' as const),
      limit: fc.integer({ min: 1, max: 4 }),
      newestFirst: fc.boolean(),
      before: fc.integer({ min: 1, max: 12 }),
    }),
    fc.record({
      type: fc.constant('batch' as const),
      keys: fc.uniqueArray(key, { minLength: 1 }),
      condition: fc.constantFrom('absent' as const, 'modified' as const),
    }),
    fc.record({ type: fc.constantFrom('enqueue' as const, 'end' as const) }),
  ),
  { maxLength: 20 },
);

interface Row {
  readonly key: string;
  readonly created: number;
  readonly modified: number;
  readonly session: string | undefined;
}

/** One partition as plainly as it can be said: rows in order of creation. */
class Model {
  rows: Row[] = [];
  revision = 0;

  row(name: string): Row | undefined {
    return this.rows.find(row => row.key === name);
  }

  put(name: string, session: string | undefined, at: number): void {
    const before = this.row(name);
    const row = { key: name, created: before?.created ?? at, modified: at, session };
    this.rows =
      before === undefined ? [...this.rows, row] : this.rows.map(other => (other === before ? row : other));
  }

  remove(name: string): void {
    this.rows = this.rows.filter(row => row.key !== name);
  }

  holds(name: string, condition: Condition): boolean {
    const row = this.row(name);
    if ('absent' in condition) return row === undefined;
    if ('modified' in condition) return row?.modified === condition.modified;
    return row?.created === condition.created;
  }
}

function rowOf(entry: Entry): Row {
  return { key: entry.key, created: entry.created, modified: entry.modified, session: entry.session };
}

function conditionFor(model: Model, step: { key: string; condition: string }): Condition {
  const row = model.row(step.key);
  if (step.condition === 'absent') return { absent: true };
  if (step.condition === 'created') return { created: revision(row?.created ?? 1) };
  return { modified: revision(step.condition === 'stale' ? 0 : (row?.modified ?? 1)) };
}

/** One client, one partition, and what both say of every step. */
class Comparison {
  readonly world = new ManualWorld(0);
  readonly model = new Model();
  readonly store: Store;
  #session: Session | undefined;

  constructor() {
    const service = new SimStoreService(this.world.device('store'));
    const device = this.world.device();
    this.store = openSimStore(device, service, { clock: device.clock() });
  }

  async session(): Promise<Session> {
    this.#session ??= await this.world.until(this.store.session({ ttlMs: 1_000_000 }));
    return this.#session;
  }

  async step(step: Step): Promise<void> {
    if (step.type === 'put' || step.type === 'delete') await this.#change(step);
    else if (step.type === 'list') await this.#list(step);
    else if (step.type === 'batch') await this.#batch(step);
    else if (step.type === 'enqueue') await this.#enqueue();
    else await this.#end();
  }

  async #change(step: Step & { type: Keyed }): Promise<void> {
    const { model, store, world } = this;
    const condition = conditionFor(model, step);
    if (step.type === 'delete' && 'absent' in condition) return;
    const session = step.owned ? (await this.session()).id : undefined;
    const isApplied = model.holds(step.key, condition);
    const result = await world.until(
      step.type === 'delete'
        ? store.delete(step.key, condition)
        : store.put(step.key, new Uint8Array(1), condition, session === undefined ? {} : { session }),
    );
    const before = model.row(step.key);
    if (!isApplied) {
      const current = 'current' in result && result.current ? rowOf(result.current) : undefined;
      expect([result.outcome, current]).toEqual(['not-applied', before]);
      return;
    }
    model.revision++;
    if (step.type === 'put') model.put(step.key, session, model.revision);
    else model.remove(step.key);
    const entry = 'entry' in result ? rowOf(result.entry) : undefined;
    expect([result.outcome, entry]).toEqual(['applied', step.type === 'put' ? model.row(step.key) : before]);
  }

  async #list({ limit, newestFirst, before }: Step & { type: 'list' }): Promise<void> {
    const options = { limit, newestFirst, createdBefore: revision(before) };
    const listing = await this.world.until(this.store.list('p/', options));
    const rows = this.model.rows.filter(row => row.created < before);
    if (newestFirst) rows.reverse();
    expect(listing.entries.map(rowOf)).toEqual(rows.slice(0, limit));
    expect(listing.revision).toBe(this.model.revision);
  }

  async #batch({ keys, condition }: Step & { type: 'batch' }): Promise<void> {
    const { model, store, world } = this;
    const conditions = new Map(keys.map(name => [name, conditionFor(model, { key: name, condition })]));
    const failing = keys.find(name => !model.holds(name, conditions.get(name) as Condition));
    const writes = keys.map((name, index) =>
      index % 2 === 0
        ? { type: 'put' as const, key: name, value: new Uint8Array(1) }
        : { type: 'delete' as const, key: name },
    );
    const result = await world.until(store.batch?.(conditions, writes) ?? Promise.reject(new Error()));
    expect(result).toMatchObject(
      failing === undefined ? { outcome: 'applied' } : { outcome: 'not-applied', key: failing },
    );
    if (failing !== undefined) return;
    model.revision++;
    for (const write of writes) {
      if (write.type === 'put') model.put(write.key, undefined, model.revision);
      else model.remove(write.key);
    }
  }

  async #enqueue(): Promise<void> {
    const { model, store, world } = this;
    const session = (await this.session()).id;
    const result = await world.until(
      store.enqueue?.('p/q/', new Uint8Array(1), { session }) ?? Promise.reject(),
    );
    if (result.outcome !== 'applied') throw new Error('nothing is lost here');
    const queue = model.rows.filter(row => row.key.startsWith('p/q/'));
    model.revision++;
    model.put(result.self.key, session, model.revision);
    expect(rowOf(result.self)).toEqual(model.rows.at(-1));
    expect(rowOf(result.head)).toEqual(queue[0] ?? model.rows.at(-1));
    expect(result.predecessor && rowOf(result.predecessor)).toEqual(queue.at(-1));
  }

  async #end(): Promise<void> {
    const session = await this.session();
    await this.world.until(session[Symbol.asyncDispose]());
    this.#session = undefined;
    const owned = this.model.rows.filter(row => row.session === session.id);
    for (const row of owned) this.model.remove(row.key);
    this.model.revision += owned.length;
  }
}

test('for one client it is a table with revisions, whatever is done to it', async () => {
  const property = fc.asyncProperty(script, async steps => {
    const comparison = new Comparison();
    for (const step of steps) await comparison.step(step);
    await comparison.step({ type: 'list', limit: 1000, newestFirst: false, before: 1000 });
  });
  await fc.assert(property, { numRuns: runs(300) });
});

/** A link on which everything goes wrong often. */
const badLink: Partial<SimStoreOptions> = {
  refusedChance: 0.1,
  requestLossChance: 0.2,
  answerLossChance: 0.2,
  lateChance: 0.2,
  lateMaxUs: 3_000_000,
  resyncChance: 0.2,
};

/** Adds until the outcome is known. */
async function addOnce(store: Store, session: Session, sequence: number, delta: bigint): Promise<bigint> {
  const operation = { session: session.id, sequence };
  for (;;) {
    try {
      const result = await store.add?.('p/n', delta, { operation, deadlineMs: 700 });
      if (result?.outcome === 'applied') return result.value;
    } catch (thrown) {
      if (!['UNAVAILABLE', 'DEADLINE_EXCEEDED'].includes(errorCode(thrown) ?? '')) throw thrown;
    }
  }
}

async function openSession(store: Store): Promise<Session> {
  for (;;) {
    try {
      return await store.session({ ttlMs: 600_000 });
    } catch (thrown) {
      if (errorCode(thrown) !== 'UNAVAILABLE') throw thrown;
    }
  }
}

test('an addition that is repeated until its outcome is known happens exactly once', async () => {
  const retried = { count: 0 };
  const property = fc.asyncProperty(
    fc.nat(),
    fc.array(fc.bigInt(-9n, 9n), { maxLength: 6 }),
    fc.array(fc.bigInt(-9n, 9n), { maxLength: 6 }),
    async (seed, one, other) => {
      const world = new ManualWorld(seed);
      const service = new SimStoreService(world.device('store'));
      const values: bigint[] = [];
      const client = async (name: string, deltas: readonly bigint[]): Promise<void> => {
        const device = world.device(name);
        const store = openSimStore(device, service, { clock: device.clock(), ...badLink });
        const session = await openSession(store);
        for (const [index, delta] of deltas.entries())
          values.push(await addOnce(store, session, index + 1, delta));
      };
      await world.until(Promise.all([client('a', one), client('b', other)]));
      // Whatever is still on its way must change nothing either.
      await world.advance(10_000_000);
      const sum = [...one, ...other].reduce((total, delta) => total + delta, 0n);
      const entry = service.read('p', partition => partition.get('p/n'));
      expect(new TextDecoder().decode(entry?.value ?? new TextEncoder().encode('0'))).toBe(`${sum}`);
      expect(entry?.modified ?? 0).toBe(values.length);
      if (world.trace.filter(detail => detail.type === 'store').length > values.length + 2) retried.count++;
    },
  );
  await fc.assert(property, { numRuns: runs(60) });
  expect(retried.count).toBeGreaterThan(20);
});

test('a client whose clock is exact never believes in a session that the service has ended by its time', async () => {
  const seen = { lost: 0, kept: 0 };
  const property = fc.asyncProperty(
    fc.nat(),
    fc.integer({ min: 300, max: 5000 }),
    fc.boolean(),
    async (seed, ttlMs, bad) => {
      const world = new ManualWorld(seed);
      const service = new SimStoreService(world.device('store'));
      const device = world.device();
      const store = openSimStore(device, service, {
        clock: device.clock(),
        ...(bad ? badLink : { requestLossChance: 0.1 }),
      });
      const session = await world.until(store.session({ ttlMs })).catch(() => undefined);
      if (session === undefined) return;
      for (let step = 0; step < 200; step++) {
        await world.advance(ttlMs * 20);
        const isAlive = service.isAlive(session.id);
        if (!isAlive) expect(session.lost.aborted).toBe(true);
      }
      seen[session.lost.aborted ? 'lost' : 'kept']++;
    },
  );
  await fc.assert(property, { numRuns: runs(100) });
  expect(Math.min(seen.lost, seen.kept)).toBeGreaterThan(10);
});

test('a watch that lists again when it is told to ends with what is there, over the worst of links', async () => {
  const property = fc.asyncProperty(fc.nat(), fc.array(key, { maxLength: 12 }), async (seed, keys) => {
    const world = new ManualWorld(seed);
    const service = new SimStoreService(world.device('store'), { changesMax: 2 });
    const watcher = world.device('watcher');
    const bad = openSimStore(watcher, service, { clock: watcher.clock(), ...badLink });
    const found = new Map<string, number>();
    const controller = new AbortController();
    const watching = follow(bad, found, controller.signal);
    const writer = world.device('writer');
    const good = openSimStore(writer, service, { clock: writer.clock() });
    for (const name of keys) {
      const current = await world.until(good.get(name));
      const isRemoved = current !== undefined && current.modified % 3 === 0;
      if (isRemoved) await world.until(good.delete(name, { modified: current.modified }));
      else {
        const condition: Condition =
          current === undefined ? { absent: true } : { modified: current.modified };
        await world.until(good.put(name, new Uint8Array(0), condition));
      }
      await world.advance(300_000);
    }
    await world.advance(120_000_000);
    const { entries } = await world.until(good.list('p/'));
    expect(found).toEqual(new Map(entries.map(entry => [entry.key, entry.modified])));
    controller.abort();
    await world.until(watching);
  });
  await fc.assert(property, { numRuns: runs(20) });
});

/** Keeps `found` as the partition is, by listing and watching. */
async function follow(store: Store, found: Map<string, number>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const listing = await store.list('p/').catch(() => undefined);
    if (listing === undefined) continue;
    found.clear();
    for (const entry of listing.entries) found.set(entry.key, entry.modified);
    for await (const event of store.watch('p/', listing.revision, { signal })) {
      if (event.type === 'resync') break;
      if (event.type === 'put') found.set(event.entry.key, event.entry.modified);
      else found.delete(event.entry.key);
    }
  }
}
