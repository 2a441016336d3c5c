import {
  type Condition,
  type Entry,
  type OperationId,
  type Revision,
  seededRandom,
  type SessionId,
  type Store,
  StorePartition,
} from '@quorate/core';
import { skipReason } from '@quorate/servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RedisStand } from './redis-stand.ts';

const reason = skipReason('redis');

/** The model counts revisions from 1; the server's grow as it likes. Each change pairs one with the other. */
class Pairing {
  readonly #real = new Map<number, Revision>();
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
    return key.replace(/\d{16}$/, digits => String(this.#model.get(Number(digits)) ?? 0).padStart(16, '0'));
  }

  realKey(key: string): string {
    return key.replace(/\d{16}$/, digits => String(this.real(Number(digits))).padStart(16, '0'));
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
    [1, 10, 300],
    [2, 40, 600],
    [3, 120, 900],
  ])('seed %d with %d keys in %d steps', { timeout: 60_000 }, async (seed, keyCount, steps) => {
    const random = seededRandom(seed);
    const model = new StorePartition();
    const pairs = new Pairing();
    const p = `model-${seed}`;
    const sessions = await Promise.all([0, 1, 2].map(() => store.session({ ttlMs: 120_000 })));
    const sequences = new Map<SessionId, number>();

    const operation = (): OperationId => {
      const { id } = sessions[random.below(sessions.length)]!;
      const sequence = (sequences.get(id) ?? 0) + (random.below(4) === 0 ? 0 : 1) || 1;
      sequences.set(id, sequence);
      return { session: id, sequence };
    };
    const key = (): string => `${p}/${random.below(2) === 0 ? 'a' : 'b'}/${random.below(keyCount)}`;

    for (let step = 0; step < steps; step++) {
      // A repeated operation repeats its call, so numbers that are drawn again are only used by additions of the same amount.
      const kind = random.below(10);
      const name = key();
      const before = model.get(name);
      if (kind < 4) {
        const condition: Condition = before === undefined ? { absent: true } : { modified: before.modified };
        const session = random.below(3) === 0 ? sessions[0]!.id : undefined;
        const write = { type: 'put' as const, key: name, value: Buffer.from(`v${step}`) };
        const expected = model.put(session === undefined ? write : { ...write, session }, condition);
        const real = await store.put(
          name,
          write.value,
          before === undefined ? condition : { modified: pairs.real(before.modified) },
          session === undefined ? {} : { session },
        );
        if (expected.outcome !== 'applied' || real.outcome !== 'applied') throw new Error('Not applied');
        pairs.pair(expected.revision, real.revision);
        expect(pairs.entry(real.entry)).toEqual(plain(expected.entry));
      } else if (kind < 6) {
        const victim = model.list({
          prefix: p,
          createdBefore: Infinity,
          newestFirst: random.below(2) === 0,
          limit: 5,
        }).entries[random.below(5)];
        if (victim === undefined) continue;
        const expected = model.delete(victim.key, { created: victim.created });
        const real = await store.delete(pairs.realKey(victim.key), { created: pairs.real(victim.created) });
        if (expected.outcome !== 'applied' || real.outcome !== 'applied') throw new Error('Not applied');
        pairs.pair(expected.revision, real.revision);
        expect(pairs.entry(real.entry)).toEqual(plain(expected.entry));
      } else if (kind < 8) {
        const prefix = `${p}/q${random.below(2)}/`;
        const { id } = sessions[random.below(3)]!;
        const expected = model.enqueue(prefix, Buffer.from('q'), id);
        const real = await store.enqueue!(prefix, Buffer.from('q'), { session: id });
        if (real.outcome !== 'applied') throw new Error('Not applied');
        pairs.pair(expected.self.created, real.self.created);
        const { self, head, predecessor } = real;
        expect([self, head, predecessor].map(entry => pairs.entry(entry))).toEqual(
          [expected.self, expected.head, expected.predecessor].map(plain),
        );
      } else if (kind < 9) {
        const call = operation();
        const counter = `${p}/n-${call.session}`;
        const expected = model.add(counter, 7n, call);
        const real = await store.add!(counter, 7n, { operation: call });
        if (real.outcome !== 'applied') throw new Error('Not applied');
        pairs.pair(expected.revision, real.revision);
        expect(real.value).toBe(expected.value);
      } else {
        const other = key();
        const writes = [
          { type: 'put' as const, key: name, value: Buffer.from(`b${step}`) },
          ...(other === name ? [] : [{ type: 'delete' as const, key: other }]),
        ];
        const expected = model.batch(new Map(), writes);
        const real = await store.batch!(new Map(), writes);
        if (expected.outcome !== 'applied' || real.outcome !== 'applied') throw new Error('Not applied');
        pairs.pair(expected.revision, real.revision);
      }
      if (step % 10 !== 0) continue;
      const query = {
        prefix: [p, `${p}/a/`, `${p}/b`, `${p}/q0/`, `${p}/none`][random.below(5)]!,
        newestFirst: random.below(2) === 0,
        limit: [1, 3, 1000][random.below(3)]!,
      };
      const bound = random.below(2) === 0 ? 1 + random.below(model.revision) : undefined;
      const expected = model.list({ ...query, createdBefore: bound ?? Infinity });
      const real = await store.list(query.prefix, {
        ...query,
        ...(bound === undefined ? {} : { createdBefore: pairs.real(bound) }),
      });
      if (bound === undefined || pairs.real(bound) !== 1) {
        expect(real.entries.map(entry => pairs.entry(entry))).toEqual(expected.entries.map(plain));
      }
      expect(real.revision).toBe(pairs.real(expected.revision));
    }

    for (const session of sessions) {
      model.endSession(session.id);
      await session[Symbol.asyncDispose]();
    }
    const real = await store.list(p);
    expect(real.entries.map(entry => pairs.entry(entry))).toEqual(
      model.list({ prefix: p, createdBefore: Infinity, newestFirst: false, limit: 1000 }).entries.map(plain),
    );
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
