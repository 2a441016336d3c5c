import {
  type BatchWrite,
  type Condition,
  type Entry,
  type Listing,
  type Random,
  type Revision,
  seededRandom,
  type Session,
  type SessionId,
  type Store,
  StorePartition,
} from '@quorate/core';
import { skipReason } from '@quorate/servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RedisStand } from './redis-stand.ts';

const reason = skipReason('redis');

/** Only below a queue: the id of a session may end with as many decimal digits by chance. */
const queuedRevision = /(?<=\/q\d?\/)\d{16}$/;

/** The model counts revisions from 1; the server's grow as it likes. Each change pairs one with the other. */
class Pairing {
  readonly #real = new Map<number, Revision>([[0, 0 as Revision]]);
  readonly #model = new Map<number, Revision>();

  pair(model: number, real: Revision): void {
    this.#real.set(model, real);
    this.#model.set(real, model as Revision);
  }

  real(model: number): Revision {
    return this.#real.get(model) ?? (1 as Revision);
  }

  /** A key as the model has it: that of a queue ends with a revision. */
  key(key: string): string {
    return key.replace(queuedRevision, digits =>
      String(this.#model.get(Number(digits)) ?? 0).padStart(16, '0'),
    );
  }

  realKey(key: string): string {
    return key.replace(queuedRevision, digits => String(this.real(Number(digits))).padStart(16, '0'));
  }

  entry(entry: Entry | undefined): unknown {
    if (entry === undefined) return undefined;
    return {
      ...entry,
      key: this.key(entry.key),
      value: Buffer.from(entry.value).toString(),
      created: this.#model.get(entry.created),
      modified: this.#model.get(entry.modified),
    };
  }
}

function plain(entry: Entry | undefined): unknown {
  return entry && { ...entry, value: Buffer.from(entry.value).toString() };
}

/** The same calls on a store and on the model, whose results must be alike. */
class History {
  readonly #store: Store;
  readonly #p: string;
  readonly #random: Random;
  readonly #keyCount: number;
  readonly #sessions: readonly Session[];
  readonly #model = new StorePartition();
  readonly #pairs = new Pairing();
  readonly #sequences = new Map<SessionId, number>();
  #step = 0;

  constructor(store: Store, p: string, random: Random, keyCount: number, sessions: readonly Session[]) {
    this.#store = store;
    this.#p = p;
    this.#random = random;
    this.#keyCount = keyCount;
    this.#sessions = sessions;
  }

  async step(): Promise<void> {
    this.#step++;
    const kind = this.#random.below(6);
    if (kind < 2) await this.#put();
    else if (kind === 2) await this.#delete();
    else if (kind === 3) await this.#enqueue();
    else if (kind === 4) await this.#add();
    else await this.#batch();
    if (this.#step % 10 === 0) await this.#list();
  }

  /** What happens to a queue in which mostly one session comes and goes. */
  async turn(): Promise<void> {
    this.#step++;
    const kind = this.#random.below(12);
    if (kind < 4) await this.#enqueueOnce(false);
    else if (kind < 8) await this.#delete();
    else if (kind === 8) await this.#enqueueOnce(true);
    else if (kind === 9) await this.#get();
    else if (kind === 10) await this.#list();
    else if (this.#random.below(3) === 0) await this.#put();
    else await this.#refused();
  }

  /** Ends the sessions. Gives what is left, as the store and as the model has it. */
  async end(): Promise<readonly [real: unknown, expected: unknown]> {
    for (const session of this.#sessions) {
      this.#model.endSession(session.id);
      await session[Symbol.asyncDispose]();
    }
    const { entries } = await this.#store.list(this.#p);
    const expected = this.#listed({ prefix: this.#p, newestFirst: false, limit: 1000 });
    return [entries.map(entry => this.#pairs.entry(entry)), expected.entries.map(plain)];
  }

  #key(): string {
    const folder = this.#random.below(2) === 0 ? 'a' : 'b';
    return `${this.#p}/${folder}/${this.#random.below(this.#keyCount)}`;
  }

  #session(): Session {
    return this.#sessions[this.#random.below(this.#sessions.length)]!;
  }

  #listed(query: { prefix: string; newestFirst: boolean; limit: number }, createdBefore = Infinity): Listing {
    return this.#model.list({ ...query, createdBefore });
  }

  #pair(expected: { readonly revision?: Revision }, real: { readonly revision?: Revision }): void {
    if (expected.revision === undefined || real.revision === undefined) throw new Error('Not applied');
    this.#pairs.pair(expected.revision, real.revision);
  }

  async #put(): Promise<void> {
    const key = this.#key();
    const before = this.#model.get(key);
    const value = Buffer.from(`v${this.#step}`);
    const owner = this.#random.below(3) === 0 ? { session: this.#session().id } : {};
    const condition: Condition = before === undefined ? { absent: true } : { modified: before.modified };
    const expected = this.#model.put({ type: 'put', key, value, ...owner }, condition);
    const real = await this.#store.put(
      key,
      value,
      before === undefined ? condition : { modified: this.#pairs.real(before.modified) },
      owner,
    );
    if (expected.outcome !== 'applied' || real.outcome !== 'applied') throw new Error('Not applied');
    this.#pair(expected, real);
    expect(this.#pairs.entry(real.entry)).toEqual(plain(expected.entry));
  }

  async #delete(): Promise<void> {
    const newestFirst = this.#random.below(2) === 0;
    const { entries } = this.#listed({ prefix: this.#p, newestFirst, limit: 5 });
    const victim = entries[this.#random.below(5)];
    if (victim === undefined) return;
    const expected = this.#model.delete(victim.key, { created: victim.created });
    const created = this.#pairs.real(victim.created);
    const real = await this.#store.delete(this.#pairs.realKey(victim.key), { created });
    if (expected.outcome !== 'applied' || real.outcome !== 'applied') throw new Error('Not applied');
    this.#pair(expected, real);
    expect(this.#pairs.entry(real.entry)).toEqual(plain(expected.entry));
  }

  async #enqueue(): Promise<void> {
    const prefix = `${this.#p}/q${this.#random.below(2)}/`;
    const { id } = this.#session();
    const expected = this.#model.enqueue(prefix, Buffer.from('q'), id);
    const real = await this.#store.enqueue!(prefix, Buffer.from('q'), { session: id });
    if (real.outcome !== 'applied') throw new Error('Not applied');
    this.#pairs.pair(expected.self.created, real.self.created);
    const { self, head, predecessor } = real;
    expect([self, head, predecessor].map(entry => this.#pairs.entry(entry))).toEqual(
      [expected.self, expected.head, expected.predecessor].map(plain),
    );
  }

  /** Under an operation, which may be the one before again. */
  async #enqueueOnce(isRepeated: boolean): Promise<void> {
    const { id } = this.#sessions[this.#random.below(6) === 0 ? 1 : 0]!;
    const before = this.#sequences.get(id) ?? 0;
    if (isRepeated && before === 0) return;
    const operation = { session: id, sequence: isRepeated ? before : before + 1 };
    this.#sequences.set(id, operation.sequence);
    const prefix = `${this.#p}/q/`;
    const value = Buffer.from(`\0${prefix}\0 ${operation.sequence}`);
    const expected = this.#model.enqueue(prefix, value, id, operation);
    const real = await this.#store.enqueue!(prefix, value, { session: id, operation });
    if (real.outcome !== 'applied') throw new Error('Not applied');
    if (!isRepeated) this.#pairs.pair(expected.self.created, real.self.created);
    const { self, head, predecessor } = real;
    expect([self, head, predecessor].map(entry => this.#pairs.entry(entry))).toEqual(
      [expected.self, expected.head, expected.predecessor].map(plain),
    );
    if (before < 2) return;
    const late = { session: id, sequence: before - 1 };
    const answer = await this.#store.enqueue!(prefix, value, { session: id, operation: late });
    expect(answer).toMatchObject({ outcome: 'unknown', cause: { code: 'OPERATION_SUPERSEDED' } });
  }

  /** Of an entry that is there, or was, or another. */
  async #get(): Promise<void> {
    const revision = this.#random.below(this.#model.revision + 1);
    const key = `${this.#p}/q/${String(revision).padStart(16, '0')}`;
    const real = await this.#store.get(this.#pairs.realKey(key));
    expect(this.#pairs.entry(real)).toEqual(plain(this.#model.get(key)));
  }

  /** A deletion of the first entry at another revision than its own. */
  async #refused(): Promise<void> {
    const [first] = this.#listed({ prefix: this.#p, newestFirst: false, limit: 1 }).entries;
    if (first === undefined) return;
    const created = (this.#pairs.real(first.created) - 1) as Revision;
    const real = await this.#store.delete(this.#pairs.realKey(first.key), { created });
    if (real.outcome !== 'not-applied') throw new Error('Applied');
    expect(this.#pairs.entry(real.current)).toEqual(plain(first));
  }

  /** Now and then the operation before is repeated. */
  async #add(): Promise<void> {
    const { id } = this.#session();
    const before = this.#sequences.get(id) ?? 0;
    const sequence = before > 0 && this.#random.below(4) === 0 ? before : before + 1;
    this.#sequences.set(id, sequence);
    const operation = { session: id, sequence };
    const expected = this.#model.add(`${this.#p}/n-${id}`, 7n, operation);
    const real = await this.#store.add!(`${this.#p}/n-${id}`, 7n, { operation });
    if (real.outcome !== 'applied') throw new Error('Not applied');
    this.#pair(expected, real);
    expect(real.value).toBe(expected.value);
  }

  async #batch(): Promise<void> {
    const [key, other] = [this.#key(), this.#key()];
    const writes: BatchWrite[] = [{ type: 'put', key, value: Buffer.from(`b${this.#step}`) }];
    if (other !== key) writes.push({ type: 'delete', key: other });
    const expected = this.#model.batch(new Map(), writes);
    const real = await this.#store.batch!(new Map(), writes);
    if (expected.outcome !== 'applied' || real.outcome !== 'applied') throw new Error('Not applied');
    this.#pairs.pair(expected.revision, real.revision);
  }

  async #list(): Promise<void> {
    const p = this.#p;
    const query = {
      prefix: [p, `${p}/a/`, `${p}/b`, `${p}/q0/`, `${p}/none`][this.#random.below(5)]!,
      newestFirst: this.#random.below(2) === 0,
      limit: [1, 3, 1000][this.#random.below(3)]!,
    };
    const bound = this.#random.below(2) === 0 ? this.#random.below(this.#model.revision + 1) : undefined;
    const expected = this.#listed(query, bound);
    const before = bound === undefined ? {} : { createdBefore: this.#pairs.real(bound) };
    const real = await this.#store.list(query.prefix, { ...query, ...before });
    expect(real.entries.map(entry => this.#pairs.entry(entry))).toEqual(expected.entries.map(plain));
    expect(real.revision).toBe(this.#pairs.real(expected.revision));
  }
}

describe.skipIf(reason !== undefined)('long histories are those of the model (needs redis-server)', () => {
  let stand: RedisStand;
  let store: Store;
  beforeAll(async () => {
    stand = await RedisStand.start();
    store = await stand.open();
  });
  afterAll(() => stand[Symbol.asyncDispose]());

  // Few keys never need an index, many always have one, and those between pass to and fro.
  test.each([
    [1, 5, 300],
    [2, 12, 600],
    [3, 120, 900],
  ])('seed %d with %d keys in %d steps', { timeout: 60_000 }, async (seed, keyCount, steps) => {
    const sessions = await Promise.all([0, 1, 2].map(() => store.session({ ttlMs: 120_000 })));
    const history = new History(store, `model-${seed}`, seededRandom(seed), keyCount, sessions);
    for (let step = 0; step < steps; step++) await history.step();
    const [real, expected] = await history.end();
    expect(real).toEqual(expected);
  });

  // An entry and an operation that are alone in their partition are kept in another way than any others.
  test('of a queue in which mostly one session comes and goes', { timeout: 60_000 }, async () => {
    for (let seed = 1; seed <= 60; seed++) {
      const sessions = await Promise.all([0, 1].map(() => store.session({ ttlMs: 120_000 })));
      const history = new History(store, `lone-${seed}`, seededRandom(seed), 1, sessions);
      for (let step = 0; step < 25; step++) await history.turn();
      const [real, expected] = await history.end();
      expect(real).toEqual(expected);
    }
  });

  test('a sweep passes over more entries than it looks at in one call', { timeout: 60_000 }, async () => {
    const mine = await store.session({ ttlMs: 120_000 });
    const theirs = await store.session({ ttlMs: 120_000 });
    const puts = (from: number, session: SessionId) =>
      Array.from({ length: 700 }, (_, index) => ({
        type: 'put' as const,
        key: `sweep/${from + index}`,
        value: new Uint8Array(),
        session,
      }));
    // 700 entries of one revision, more than one page of the sweep.
    await store.batch!(new Map(), puts(0, mine.id));
    await store.batch!(new Map(), puts(1000, theirs.id));
    await store.batch!(new Map(), puts(2000, mine.id));
    await mine[Symbol.asyncDispose]();
    const { entries } = await store.list('sweep/', { limit: 1000 });
    expect(entries).toHaveLength(700);
    expect(entries.every(({ session }) => session === theirs.id)).toBe(true);
    await theirs[Symbol.asyncDispose]();
    expect((await store.list('sweep/')).entries).toEqual([]);
  });
});
