import { describe, expect, test } from 'vitest';
import { type Revision, revision, type SessionId, sessionId } from '../../src/ids.ts';
import { ManualClock } from '../../src/manual-clock.ts';
import { type Outcome, QuorateError } from '../../src/quorate-error.ts';
import { driveStore, listMax } from '../../src/store/drive-store.ts';
import type { Store, StoreCapabilities, StoreEvent } from '../../src/store/store.ts';
import type { DriverCall, StoreDriver } from '../../src/store/store-driver.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const absent = { absent: true } as const;
const owner = sessionId('owner');

const capabilities: StoreCapabilities = {
  durability: 'memory',
  linearizable: true,
  fenceSurvivesLoss: false,
  expiry: 'server',
  watch: 'push',
  ttlMinMs: 100,
  valueMaxBytes: 10,
  verbs: { enqueue: true, add: true, batch: true },
};

interface Call {
  readonly name: string;
  readonly args: readonly unknown[];
  readonly signal: AbortSignal | undefined;
  resolve(value: unknown): void;
  reject(thrown: unknown): void;
}

/** A driver that is answered by hand. */
class HandDriver {
  readonly capabilities = capabilities;
  readonly calls: Call[] = [];
  disposals = 0;
  readonly driver: StoreDriver;

  constructor(lacking: readonly string[] = []) {
    const call = (name: string) => {
      return (...args: unknown[]) =>
        new Promise<never>((resolve, reject) => {
          const last = args.at(-1) as AbortSignal | DriverCall | undefined;
          const signal = last instanceof AbortSignal ? last : (last as DriverCall | undefined)?.signal;
          this.calls.push({ name, args, signal, resolve: resolve as (value: unknown) => void, reject });
        });
    };
    const names = ['get', 'list', 'put', 'delete', 'enqueue', 'add', 'batch'];
    names.push('openSession', 'renewSession', 'endSession', 'observe');
    const methods = names.filter(name => !lacking.includes(name)).map(name => [name, call(name)]);
    this.driver = {
      ...(Object.fromEntries(methods) as object),
      capabilities,
      async *watch(_prefix: string, _from: Revision, signal: AbortSignal): AsyncGenerator<StoreEvent> {
        yield { type: 'resync' };
        await new Promise(resolve => signal.addEventListener('abort', resolve));
      },
      [Symbol.asyncDispose]: async () => void this.disposals++,
    } as unknown as StoreDriver;
  }

  get last(): Call {
    return this.calls.at(-1) as Call;
  }
}

class Stand {
  readonly clock = new ManualClock();
  readonly hand = new HandDriver();
  readonly store: Store & Required<Pick<Store, 'enqueue' | 'add' | 'batch'>>;

  constructor() {
    this.store = driveStore(this.hand.driver, { clock: this.clock }) as typeof this.store;
  }

  async session(): ReturnType<Store['session']> {
    const opening = this.store.session({ ttlMs: 1000 });
    this.hand.last.resolve(owner);
    return opening;
  }
}

function failure(outcome: Outcome, code = 'UNAVAILABLE'): QuorateError {
  return new QuorateError(code, 'It broke', { outcome, retryable: true });
}

describe('what a driver is handed', () => {
  test('are arguments that were checked, with every default filled in', () => {
    const { hand, store } = new Stand();
    void store.list('p/');
    expect(hand.last.args[0]).toEqual({
      prefix: 'p/',
      createdBefore: Number.POSITIVE_INFINITY,
      newestFirst: false,
      limit: listMax,
    });
    void store.list('p/', { limit: 5000, newestFirst: true, createdBefore: revision(7) });
    expect(hand.last.args[0]).toEqual({ prefix: 'p/', createdBefore: 7, newestFirst: true, limit: listMax });
    const operation = { session: owner, sequence: 1 };
    void store.put('p/a', bytes('x'), absent, { session: owner, operation });
    expect(hand.last.args).toEqual([
      { type: 'put', key: 'p/a', value: bytes('x'), session: owner },
      absent,
      { operation, signal: undefined },
    ]);
  });

  test('are bytes and conditions of its own', () => {
    const { hand, store } = new Stand();
    const value = bytes('x');
    const writes = [{ type: 'put' as const, key: 'p/a', value }];
    const conditions = new Map([['p/a', absent]]);
    void store.put('p/a', value, absent);
    void store.enqueue('p/', value, { session: owner });
    void store.batch(conditions, writes);
    value.fill(0);
    writes.length = 0;
    conditions.clear();
    const [put, enqueue, batch] = hand.calls.map(({ args }) => args);
    expect(put?.[0]).toMatchObject({ value: bytes('x') });
    expect(enqueue?.[1]).toEqual(bytes('x'));
    expect(batch?.slice(0, 2)).toEqual([
      new Map([['p/a', absent]]),
      [{ type: 'put', key: 'p/a', value: bytes('x') }],
    ]);
  });

  test('is nothing where arguments are wrong, or the wait was over before', async () => {
    const { hand, store } = new Stand();
    await expect(store.get('/a')).rejects.toThrow(RangeError);
    await expect(store.put('p/a', new Uint8Array(11), absent)).rejects.toThrow(RangeError);
    await expect(store.delete('p/a', absent)).rejects.toThrow('Condition of a deletion must be a revision');
    await expect(store.list('p', { limit: 0 })).rejects.toThrow(RangeError);
    await expect(store.session({ ttlMs: 99 })).rejects.toThrow('Time to live in ms must be from 100');
    await expect(store.observe('' as SessionId)).rejects.toThrow(RangeError);
    await expect(store.add('p/n', 1n, {} as never)).rejects.toThrow('Operation must name the addition');
    await expect(store.get('p/a', { deadlineMs: 0 })).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    const signal = AbortSignal.abort();
    await expect(store.put('p/a', bytes(''), absent, { signal })).rejects.toMatchObject({
      outcome: 'not-applied',
    });
    expect(() => store.watch('p', revision(0), {} as never)).toThrow(TypeError);
    expect(hand.calls).toEqual([]);
  });

  test('optional verbs that it has not are not there', () => {
    const store = driveStore(new HandDriver(['enqueue', 'batch']).driver, { clock: new ManualClock() });
    expect(store).toMatchObject({ enqueue: undefined, batch: undefined, add: expect.any(Function) });
  });
});

describe('what is lost', () => {
  test('of a change is a value where it may have taken effect, and thrown where it certainly has not', async () => {
    const { hand, store } = new Stand();
    const operation = { session: owner, sequence: 1 };
    const calls = [
      () => store.put('p/a', bytes(''), absent),
      () => store.delete('p/a', { created: revision(1) }),
      () => store.enqueue('p/', bytes(''), { session: owner }),
      () => store.add('p/n', 1n, { operation }),
      () => store.batch(new Map([['p/a', absent]]), []),
    ];
    for (const call of calls) {
      const unknown = failure('unknown');
      const [lost, certain, odd] = [call(), call(), call()];
      hand.calls.at(-3)?.reject(unknown);
      hand.calls.at(-2)?.reject(failure('not-applied'));
      hand.calls.at(-1)?.reject(new RangeError('not a number'));
      expect(await lost).toEqual({ outcome: 'unknown', cause: unknown });
      await expect(certain).rejects.toMatchObject({ code: 'UNAVAILABLE', outcome: 'not-applied' });
      await expect(odd).rejects.toThrow(RangeError);
    }
  });

  test('of a question may be asked again', async () => {
    const { hand, store } = new Stand();
    for (const call of [() => store.get('p/a'), () => store.list('p'), () => store.observe(owner)]) {
      const asking = call();
      hand.last.reject(failure('unknown'));
      await expect(asking).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        outcome: 'not-applied',
        retryable: true,
      });
    }
  });

  test('by a deadline or an abort is unknown for changes and certain for questions, and the driver is told', async () => {
    const { clock, hand, store } = new Stand();
    const controller = new AbortController();
    const late = store.put('p/a', bytes(''), absent, { deadlineMs: 50 });
    const aborted = store.put('p/a', bytes(''), absent, { signal: controller.signal });
    const question = store.get('p/a', { deadlineMs: 50 });
    clock.advance(50);
    controller.abort();
    expect(await late).toMatchObject({ outcome: 'unknown', cause: { code: 'DEADLINE_EXCEEDED' } });
    expect(await aborted).toMatchObject({ outcome: 'unknown', cause: { code: 'ABORTED' } });
    await expect(question).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED', outcome: 'not-applied' });
    expect(hand.calls.map(({ signal }) => signal?.aborted)).toEqual([true, true, true]);
    expect(clock.timerCount).toBe(0);
  });
});

describe('a session', () => {
  test('counts from before it was asked for, less a margin, and is renewed', async () => {
    const { clock, hand, store } = new Stand();
    const opening = store.session({ ttlMs: 1000 });
    clock.advance(200);
    hand.last.resolve(owner);
    const session = await opening;
    expect([session.id, session.remainingMs()]).toEqual([owner, 1000 - 200 - 20]);
    clock.advance(334);
    expect([hand.last.name, hand.last.args]).toEqual(['renewSession', [owner]]);
  });

  test('that is too old when its answer comes is none, and is ended', async () => {
    const { clock, hand, store } = new Stand();
    const opening = store.session({ ttlMs: 1000 });
    clock.advance(990);
    hand.last.resolve(owner);
    await expect(opening).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      outcome: 'not-applied',
      retryable: true,
    });
    expect([hand.last.name, hand.last.args]).toEqual(['endSession', [owner]]);
    // What comes of its end is nobody's business.
    hand.last.reject(failure('unknown'));
    expect(clock.timerCount).toBe(0);
  });

  test('that is opened after nobody waits for it any more is ended', async () => {
    const { clock, hand, store } = new Stand();
    const opening = store.session({ ttlMs: 1000, deadlineMs: 10 });
    const opened = hand.last;
    clock.advance(10);
    await expect(opening).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    opened.resolve(owner);
    await new Promise(turn => setImmediate(turn));
    expect([hand.last.name, hand.last.args]).toEqual(['endSession', [owner]]);
  });

  test('that is opened while the store closes is ended', async () => {
    const { hand, store } = new Stand();
    const opening = store.session({ ttlMs: 1000 });
    const opened = hand.last;
    const closing = store[Symbol.asyncDispose]();
    opened.resolve(owner);
    while (hand.last.name !== 'endSession') await Promise.resolve();
    expect(hand.last.args).toEqual([owner]);
    expect(hand.disposals).toBe(0);
    hand.last.resolve(undefined);
    await expect(opening).rejects.toMatchObject({ code: 'CLOSED' });
    await closing;
    expect(hand.disposals).toBe(1);
  });
});

describe('closing', () => {
  test('ends watches with CLOSED and sessions, then disposes of the driver, once', async () => {
    const stand = new Stand();
    const { clock, hand, store } = stand;
    const session = await stand.session();
    const { signal } = new AbortController();
    const events = store.watch('p', revision(0), { signal })[Symbol.asyncIterator]();
    expect((await events.next()).value).toEqual({ type: 'resync' });
    const next = events.next();
    const closing = [store[Symbol.asyncDispose](), store[Symbol.asyncDispose]()];
    await expect(next).rejects.toMatchObject({ code: 'CLOSED', outcome: 'not-applied' });
    expect(session.lost.aborted).toBe(true);
    expect([hand.last.name, hand.disposals]).toEqual(['endSession', 0]);
    hand.last.resolve(undefined);
    await Promise.all(closing);
    expect(hand.disposals).toBe(1);
    expect(clock.timerCount).toBe(0);
    const calls = hand.calls.length;
    await expect(store.get('p/a')).rejects.toMatchObject({ code: 'CLOSED', outcome: 'not-applied' });
    await expect(store.put('p/a', bytes(''), absent)).rejects.toMatchObject({ code: 'CLOSED' });
    expect(() => store.watch('p', revision(0), { signal: new AbortController().signal })).toThrow(
      expect.objectContaining({ code: 'CLOSED' }),
    );
    expect(hand.calls.length).toBe(calls);
  });

  test('waits for an engine that does not answer for a second, and leaves no timer', async () => {
    const stand = new Stand();
    const { clock, hand, store } = stand;
    await stand.session();
    const closing = store[Symbol.asyncDispose]();
    clock.advance(999);
    await new Promise(turn => setImmediate(turn));
    expect(hand.disposals).toBe(0);
    clock.advance(1);
    await closing;
    expect([hand.disposals, clock.timerCount]).toEqual([1, 0]);
  });

  test('a watch ends by its signal without an error, also one that is over before it began', async () => {
    const { store } = new Stand();
    const controller = new AbortController();
    const events = store.watch('p', revision(0), { signal: controller.signal })[Symbol.asyncIterator]();
    await events.next();
    const next = events.next();
    controller.abort();
    expect(await next).toEqual({ done: true, value: undefined });
  });
});
