import type { OperationId, SessionId } from '@quorate/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KnownState } from '../src/known-state.ts';
import type { ByteRange, SortedBytes } from '../src/sorted-bytes.ts';
import type { StoreRequest } from '../src/store-request.ts';
import { StoreRoot } from '../src/store-root.ts';
import { StoreTransaction } from '../src/store-transaction.ts';

/** A database in memory, which can be taken back to where it was. */
class MemoryBytes implements SortedBytes {
  readonly #values = new Map<string, Buffer>();

  get(key: Uint8Array): Buffer | undefined {
    const value = this.#values.get(hex(key));
    return value === undefined ? undefined : Buffer.from(value);
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.#values.set(hex(key), Buffer.from(value));
  }

  remove(key: Uint8Array): void {
    this.#values.delete(hex(key));
  }

  keys({ start, end, reverse = false, limit = Number.POSITIVE_INFINITY }: ByteRange): Uint8Array[] {
    const found = [...this.#values.keys()].filter(key => key >= hex(start) && key < hex(end));
    found.sort((one, other) => (one < other ? -1 : 1));
    if (reverse) found.reverse();
    return found.slice(0, limit).map(key => Buffer.from(key, 'hex'));
  }

  count(range: ByteRange): number {
    return this.keys(range).length;
  }

  content(): object {
    return Object.fromEntries([...this.#values].map(([key, value]) => [key, hex(value)]));
  }

  restore(other: MemoryBytes): void {
    this.#values.clear();
    for (const [key, value] of other.#values) this.#values.set(key, value);
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const sessions = ['one', 'two'] as const;

/** What comes next, by the writer of that number; one that is not committed leaves nothing behind. */
interface Turn {
  readonly writer: number;
  readonly isCommitted: boolean;
  readonly requests: readonly StoreRequest[];
}

const session = fc.constantFrom(...sessions) as fc.Arbitrary<SessionId>;
const operation: fc.Arbitrary<OperationId | undefined> = fc.option(
  fc.record({ session, sequence: fc.integer({ min: 1, max: 6 }) }),
  { nil: undefined },
);
const key = fc.constantFrom('p/q/1', 'p/q/2', 'p/q/r/1', 'p/1', 'r/q/1');
const value = fc.uint8Array({ maxLength: 3 });
const condition = fc.oneof(
  fc.constant({ absent: true } as const),
  fc.record({ created: fc.integer({ min: 1, max: 40 }) }),
) as fc.Arbitrary<never>;
const request = fc.oneof(
  fc.record({
    type: fc.constant('enqueue' as const),
    prefix: fc.constantFrom('p/q/', 'p/q', 'r/q/'),
    value,
    session,
    operation,
  }),
  fc.record({
    type: fc.constant('put' as const),
    write: fc.record({ type: fc.constant('put' as const), key, value, session }),
    condition,
    operation,
  }),
  fc.record({ type: fc.constant('delete' as const), key, condition, operation }),
  fc.record({
    type: fc.constant('batch' as const),
    conditions: fc.constant(new Map([['p/absent', { absent: true } as const]])),
    writes: fc.oneof(
      fc.constant([]),
      fc.tuple(fc.record({ type: fc.constant('delete' as const), key: fc.constant('p/1') })),
    ),
    operation,
  }),
  fc.record({
    type: fc.constant('open-session' as const),
    session,
    ttlMs: fc.constant(9),
    host: fc.constant('h'),
  }),
  fc.record({ type: fc.constantFrom('renew-session' as const, 'end-session' as const), session }),
) as fc.Arbitrary<StoreRequest>;
const turns: fc.Arbitrary<Turn[]> = fc.array(
  fc.record({
    writer: fc.nat({ max: 1 }),
    isCommitted: fc.boolean(),
    requests: fc.array(request, { minLength: 1, maxLength: 4 }),
  }),
  { maxLength: 40, size: 'max' },
);

/** Carries a turn out. */
function carryOut(bytes: MemoryBytes, { requests, isCommitted }: Turn, known?: KnownState): unknown[] {
  const before = new MemoryBytes();
  before.restore(bytes);
  const root = StoreRoot.read(bytes) ?? new StoreRoot();
  const time = { bootId: 'boot', nowMs: () => 0, wallMs: () => 0 };
  const options = { time, maxBytes: 1e9, reserve: () => {}, ...(known === undefined ? {} : { known }) };
  const transaction = new StoreTransaction(bytes, root, options);
  const results: unknown[] = requests.map(each => {
    try {
      return transaction.run(each);
    } catch (thrown) {
      return String(thrown);
    }
  });
  transaction.finish();
  root.write(bytes);
  if (isCommitted) return results;
  bytes.restore(before);
  known?.forget();
  return results;
}

test('what a writer remembers makes no difference, whatever others write and whatever is not committed', () => {
  fc.assert(
    fc.property(turns, all => {
      const [known, plain] = [new MemoryBytes(), new MemoryBytes()];
      const writers = [new KnownState(), new KnownState()];
      for (const turn of all) {
        expect(carryOut(known, turn, writers[turn.writer])).toEqual(carryOut(plain, turn));
        expect(known.content()).toEqual(plain.content());
      }
    }),
    { numRuns: 300 },
  );
});

test('nor when another writer has only remembered something', () => {
  const bytes = new MemoryBytes();
  const [one, other] = [new KnownState(), new KnownState()];
  const put = (sequence: number, at: string): StoreRequest => ({
    type: 'put',
    write: { type: 'put', key: at, value: new Uint8Array() },
    condition: { absent: true },
    operation: { session: 'one' as SessionId, sequence },
  });
  const open: StoreRequest = { type: 'open-session', session: 'one' as SessionId, ttlMs: 9, host: 'h' };
  const empty: StoreRequest = {
    type: 'batch',
    conditions: new Map([['p/2', { absent: true }]]),
    writes: [],
    operation: { session: 'one' as SessionId, sequence: 3 },
  };
  const turn = (request: StoreRequest) => ({ writer: 0, isCommitted: true, requests: [request] });
  carryOut(bytes, turn(open), one);
  carryOut(bytes, turn(put(1, 'p/1')), one);
  expect(carryOut(bytes, turn(empty), other)).toMatchObject([{ outcome: 'applied' }]);
  expect(carryOut(bytes, turn(put(2, 'p/2')), one)).toEqual([
    expect.stringContaining('came after its operation 3'),
  ]);
});
