import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type LeaseHandle,
  type MessageId,
  type PartitionImage,
  QueuePartition,
  type Settlement,
} from '../../src/index.ts';
import { NaiveQueue } from './naive-queue.ts';

const queues = ['p/a', 'p/b'] as const;
const queue = fc.constantFrom(...queues);
const durationMs = fc.constantFrom(0, 1, 5, 20);

const step = fc.oneof(
  fc.record({
    type: fc.constant('put' as const),
    queue,
    id: fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined, freq: 3 }),
    lane: fc.integer({ min: 0, max: 2 }),
    key: fc.option(fc.constantFrom('j', 'k'), { nil: undefined }),
    keyActiveMax: fc.integer({ min: 1, max: 3 }),
    delayMs: durationMs,
  }),
  fc.record({
    type: fc.constant('lease' as const),
    queue,
    lanes: fc.constantFrom(undefined, [0, 1, 2], [2, 0], [1]),
    messagesMax: fc.integer({ min: 1, max: 4 }),
    leaseMs: fc.constantFrom(1, 5, 20, 1000),
    startedMax: fc.nat(3),
  }),
  fc.record({
    type: fc.constant('settle' as const),
    lease: fc.nat(5),
    action: fc.oneof(
      fc.constant({ type: 'acknowledge' as const }),
      fc.record({ type: fc.constant('release' as const), delayMs: durationMs, unstarted: fc.boolean() }),
      fc.record({ type: fc.constant('move' as const), queue }),
    ),
  }),
  fc.record({
    type: fc.constant('extend' as const),
    lease: fc.nat(5),
    leaseMs: fc.constantFrom(1, 5, 20, 1000),
    started: fc.boolean(),
  }),
  fc.record({ type: fc.constant('remove' as const), queue, place: fc.nat(5) }),
  fc.record({ type: fc.constant('image' as const) }),
  fc.record({ type: fc.constant('advance' as const), byMs: fc.constantFrom(1, 3, 10, 50) }),
);

type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** The partition and the naive queue, told the same. */
class Both {
  #partition = new QueuePartition();
  readonly #naive = new NaiveQueue();
  readonly #leases: { readonly real: LeaseHandle; readonly id: string; readonly token: number }[] = [];
  #nowMs = 0;
  #count = 0;

  do(given: Step): void {
    if (given.type === 'put') this.#put(given);
    else if (given.type === 'lease') this.#lease(given);
    else if (given.type === 'settle') this.#settle(given.lease, given.action);
    else if (given.type === 'extend') this.#extend(given);
    else if (given.type === 'remove') this.#remove(given);
    else if (given.type === 'image') this.#partition = new QueuePartition({ image: this.#image() });
    else this.#nowMs += given.byMs;
    for (const name of queues) this.#compare(name);
  }

  #put({ queue: name, id, ...message }: Extract<Step, { type: 'put' }>): void {
    const text = `m${++this.#count}`;
    const body = new TextEncoder().encode(text);
    const chosen = id === undefined ? text : `id${id}`;
    const { key, ...rest } = message;
    const put = { id: chosen as MessageId, body, ...rest, ...(key === undefined ? {} : { key }) };
    const real = this.#partition.put({ queue: name, message: put }, this.#nowMs);
    const isNew = this.#naive.put(
      name,
      chosen,
      text,
      { ...rest, ...(key === undefined ? {} : { key }) },
      this.#nowMs,
    );
    expect(real).toEqual({ outcome: 'applied', id: chosen, duplicate: !isNew });
  }

  #lease({ queue: name, lanes, messagesMax, leaseMs, startedMax }: Extract<Step, { type: 'lease' }>): void {
    const query = { messagesMax, leaseMs, lanes, owner: 'o', startedMax };
    const real = this.#partition.lease(name, query, this.#nowMs);
    const naive = this.#naive.lease(name, lanes ?? [0, 1, 2], messagesMax, leaseMs, startedMax, this.#nowMs);
    const seen = real.map(each => [
      new TextDecoder().decode(each.body),
      each.deliveryCount,
      each.attemptCount,
    ]);
    expect(seen).toEqual(naive.map(each => [each.text, each.deliveryCount, each.attemptCount]));
    real.forEach((message, index) => {
      const { id, token } = naive[index] as (typeof naive)[number];
      this.#leases.unshift({ real: message, id, token });
    });
  }

  #settle(index: number, action: Settlement['action']): void {
    const lease = this.#leases[index];
    if (lease === undefined) return;
    const real = this.#partition.settle({ lease: lease.real, action }, this.#nowMs);
    const isApplied = this.#naive.settle(lease.real.queue, lease.id, lease.token, action, this.#nowMs);
    expect(real.outcome === 'applied').toBe(isApplied);
  }

  #extend({ lease: index, leaseMs, started }: Extract<Step, { type: 'extend' }>): void {
    const lease = this.#leases[index];
    if (lease === undefined) return;
    const real = this.#partition.extend(lease.real, leaseMs, started, this.#nowMs);
    const { real: handle, id, token } = lease;
    const isApplied = this.#naive.extend(handle.queue, id, token, leaseMs, started, this.#nowMs);
    expect(real.outcome === 'applied').toBe(isApplied);
  }

  #remove({ queue: name, place }: Extract<Step, { type: 'remove' }>): void {
    const [real] = this.#partition
      .messages(name, { state: undefined, cursor: undefined, limit: 100 }, this.#nowMs)
      .items.slice(place);
    if (real === undefined) return;
    const naive = this.#naive.messages
      .filter(each => each.queue === name)
      .toSorted((one, other) => one.place - other.place)[place];
    expect(this.#partition.remove(name, real.id, this.#nowMs)).toBe(true);
    this.#naive.remove(name, naive?.id ?? '');
  }

  /** As it would come from elsewhere. */
  #image(): PartitionImage {
    const { queues: all, remembered, records, ...image } = this.#partition.image;
    const queuesOf = [...all].map(([name, messages]) => [name, [...messages]] as const);
    return structuredClone({
      ...image,
      queues: queuesOf,
      remembered: [...remembered],
      records: [...records],
    });
  }

  #compare(name: string): void {
    const { items } = this.#partition.messages(
      name,
      { state: undefined, cursor: undefined, limit: 100 },
      this.#nowMs,
    );
    const real = items.map(each => [new TextDecoder().decode(each.body), each.state]);
    const naive = this.#naive.messages
      .filter(each => each.queue === name)
      .toSorted((one, other) => one.place - other.place)
      .map(each => [each.text, stateOf(each, this.#nowMs)]);
    expect(real).toEqual(naive);
  }
}

function stateOf(message: NaiveQueue['messages'][number], nowMs: number): string {
  if (message.leasedUntilMs !== undefined && message.leasedUntilMs > nowMs) return 'leased';
  if (!message.isOut) return 'held';
  return message.readyAtMs <= nowMs ? 'ready' : 'delayed';
}

test('a partition does what the naive queue does', () => {
  const runs = process.env['QUORATE_LONG'] === undefined ? 1000 : 100_000;
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 60, size: 'max' }), steps => {
      const both = new Both();
      for (const each of steps) both.do(each);
    }),
    { numRuns: runs },
  );
});
