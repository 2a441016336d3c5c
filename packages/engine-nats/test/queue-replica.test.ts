import {
  type LeasedMessage,
  type MessageId,
  type NewMessage,
  QueuePartition,
  type Random,
  seededRandom,
} from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { decodeImage, encodeImage, type ReplicaImage } from '../src/queue/image-codec.ts';
import { usualPace } from '../src/queue/queue-pace.ts';
import { decodeRecord, RecordWriter } from '../src/queue/queue-record.ts';
import { QueueReplica } from '../src/queue/queue-replica.ts';
import type { QueueStep } from '../src/queue/queue-step.ts';

const writer = Buffer.alloc(8, 7).toString('base64url');
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const nothing = { onReady: (): void => {}, onState: (): void => {}, pace: usualPace };
const longest = 1_000_000;
const lost = { outcome: 'not-applied', reason: 'lost' };

function encoded(number: number, steps: readonly QueueStep[]): Uint8Array {
  const record = new RecordWriter(writer, number);
  expect(record.add(steps, longest)).toBe(true);
  return record.done();
}

/** A replica that is told records as they would come. */
class Told {
  replica = new QueueReplica(nothing);
  sequence = 100;
  stampMs = 1_800_000_000_000;

  do(...steps: QueueStep[]): unknown[] {
    const data = encoded(++this.sequence, steps);
    return this.replica.apply(decodeRecord(data), {
      sequence: this.sequence,
      stampMs: this.stampMs,
      byteCount: data.length,
    });
  }

  /** Goes on with what its image says, in parts as small as they can be. */
  restore(chunkMaxBytes: number): void {
    const chunks = [...encodeImage(this.replica.image as ReplicaImage, chunkMaxBytes)].map(chunk =>
      Uint8Array.from(chunk),
    );
    this.replica = new QueueReplica({ ...nothing, image: decodeImage(chunks) });
  }
}

/** Steps as a client might choose them, with everything that there is. */
class Chance {
  readonly #random: Random;
  readonly #leases: LeasedMessage[] = [];
  #count = 0;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  below(bound: number): number {
    return this.#random.uint32() % bound;
  }

  note(result: unknown): void {
    if (!Array.isArray(result)) return;
    for (const message of result as LeasedMessage[]) this.#leases.unshift(message);
  }

  step(nowMs: number): QueueStep {
    const queue = this.#queue();
    const dice = this.below(20);
    if (dice < 7) return { type: 'put', put: { queue, message: this.#message(nowMs) } };
    if (dice < 11) {
      const lanes = this.below(2) === 0 ? undefined : [2, 0, 1];
      const query = {
        messagesMax: 1 + this.below(3),
        leaseMs: 1 + this.below(40),
        lanes,
        owner: `o${dice}`,
        startedMax: this.below(3),
      };
      return { type: 'lease', queue, query };
    }
    if (dice === 11) return { type: 'abandon', queue, owner: 'o7' };
    if (dice === 12 && this.below(8) === 0) return { type: 'purge', queue };
    if (dice === 13)
      return { type: 'write', write: { key: `p/k${this.below(3)}`, value: undefined, version: 0 } };
    if (dice === 14) {
      const write = {
        key: `p/k${this.below(3)}`,
        value: bytes(`${dice}`),
        expiresAtMs: nowMs + this.below(30),
      };
      return { type: 'write', write };
    }
    const lease = this.#leases[this.below(5)];
    if (lease === undefined) return { type: 'remove', queue, id: `id${this.below(4)}` as MessageId };
    if (dice === 15)
      return { type: 'extend', lease, leaseMs: 1 + this.below(50), started: this.below(2) === 0 };
    const { settlement } = this.#settlement(lease, nowMs);
    return { type: 'settle', settlement };
  }

  #settlement(lease: LeasedMessage, nowMs: number): QueueStep & { readonly type: 'settle' } {
    const dice = this.below(4);
    const headers = { cause: '😀', ['__proto__']: `${dice}` };
    const action =
      dice < 2
        ? ({ type: 'acknowledge' } as const)
        : dice === 2
          ? ({ type: 'release', delayMs: this.below(20), headers, unstarted: this.below(2) === 0 } as const)
          : ({ type: 'move', queue: this.#queue(), headers } as const);
    const puts = this.below(3) === 0 ? [{ queue: this.#queue(), message: this.#message(nowMs) }] : [];
    const state = this.below(3) === 0 ? [{ key: 'p/k0', value: bytes(''), version: this.below(2) }] : [];
    return { type: 'settle', settlement: { lease, action, puts, state } };
  }

  #queue(): string {
    return `p/q${this.below(2)}`;
  }

  #message(nowMs: number): NewMessage {
    const hasId = this.below(3) === 0;
    const id = (hasId ? `id${this.below(4)}` : `~x.${++this.#count}`) as MessageId;
    return {
      id,
      body: bytes(`m${this.#count}`),
      ...(hasId ? { rememberMs: this.below(60) } : {}),
      ...(this.below(3) === 0 ? { headers: { ünï: '1', empty: '' } } : {}),
      ...(this.below(3) === 0 ? { lane: this.below(3) } : {}),
      ...(this.below(3) === 0 ? { key: `k${this.below(2)}`, keyActiveMax: 1 + this.below(2) } : {}),
      ...(this.below(6) === 0 ? { delayMs: this.below(30) } : {}),
      ...(this.below(6) === 1 ? { readyAtMs: nowMs + this.below(30) } : {}),
    };
  }
}

/** All that can be seen of a partition. */
function shown(partition: QueuePartition, nowMs: number): unknown {
  const all = { state: undefined, cursor: undefined, limit: 1000 };
  return [
    partition
      .queues('p/')
      .map(queue => [queue, partition.messages(queue, all, nowMs), partition.depth(queue, nowMs)]),
    partition.scanState({ prefix: 'p/', cursor: undefined, limit: 1000 }, nowMs),
    partition.revision,
  ];
}

describe('a copy of a partition', () => {
  test('comes to the same by records and by images as the state machine by its steps', () => {
    const seeds = process.env['QUORATE_LONG'] === undefined ? 12 : 1000;
    for (let seed = 0; seed < seeds; seed++) {
      const chance = new Chance(seed);
      const told = new Told();
      const model = new QueuePartition({ revision: told.stampMs * 1024 });
      told.do();
      for (let count = 0; count < 120; count++) {
        told.stampMs += chance.below(3) * chance.below(10);
        const steps = Array.from({ length: 1 + chance.below(3) }, () => chance.step(told.stampMs));
        const results = told.do(...steps);
        model.advance(told.stampMs);
        expect(results, `seed ${seed}`).toEqual(steps.map(step => stepOf(model, step, told.stampMs)));
        results.forEach(result => chance.note(result));
        if (chance.below(10) === 0) told.restore(1 + chance.below(600));
        expect(shown(told.replica.partition as QueuePartition, told.stampMs), `seed ${seed}`).toEqual(
          shown(model, told.stampMs),
        );
      }
    }
  });

  test('lets time go on from where it was when the server’s clock is set back', () => {
    const told = new Told();
    told.do({ type: 'put', put: { queue: 'p/q', message: { id: 'a' as MessageId, body: bytes('a') } } });
    const query = { messagesMax: 1, leaseMs: 1000, lanes: undefined, owner: 'o', startedMax: 0 };
    const lease = (): unknown => told.do({ type: 'lease', queue: 'p/q', query })[0];
    expect(lease()).toHaveLength(1);
    told.stampMs -= 3_600_000;
    expect(lease()).toEqual([]);
    told.stampMs += 999;
    expect(lease()).toEqual([]);
    told.restore(1000);
    told.stampMs += 1;
    expect(lease()).toHaveLength(1);
    expect(told.replica.aheadMs).toBe(3_600_000);
  });

  test('gives tokens that are larger than all before where the stream was lost', () => {
    const told = new Told();
    const put = {
      type: 'put',
      put: { queue: 'p/q', message: { id: 'a' as MessageId, body: bytes('a') } },
    } as const;
    const query = { messagesMax: 1, leaseMs: 1000, lanes: undefined, owner: 'o', startedMax: 0 };
    const [, before] = told.do(put, { type: 'lease', queue: 'p/q', query }) as [unknown, LeasedMessage[]];
    const other = new Told();
    other.stampMs = told.stampMs + 60_000;
    const [, after] = other.do(put, { type: 'lease', queue: 'p/q', query }) as [unknown, LeasedMessage[]];
    expect(after[0]!.token).toBeGreaterThan(before[0]!.token);
  });

  test('lets nobody settle or extend what was never leased, whatever the token', () => {
    const told = new Told();
    const id = 'a' as MessageId;
    told.do({ type: 'put', put: { queue: 'p/q', message: { id, body: bytes('a') } } });
    for (const token of [0n, 2n ** 60n] as LeasedMessage['token'][]) {
      const lease = { queue: 'p/q', id, token };
      const results = told.do(
        { type: 'extend', lease, leaseMs: 1000, started: true },
        { type: 'settle', settlement: { lease, action: { type: 'acknowledge' } } },
      );
      expect(results).toEqual([lost, lost]);
    }
  });

  test('grants an image to the first who asks when it is due, and to nobody else', () => {
    const told = new Told();
    expect(told.do({ type: 'image' })).toEqual([false]);
    for (let count = 0; count < 8200; count++) told.do();
    expect(told.replica.isImageDue).toBe(true);
    expect(told.do({ type: 'image' })).toEqual([true]);
    expect(told.do({ type: 'image' })).toEqual([false]);
    expect(told.replica.isImageDue).toBe(false);
  });
});

describe('a record', () => {
  test('is refused where any of its bytes was changed, or its end is missing', () => {
    const data = encoded(1, [
      { type: 'put', put: { queue: 'p/q', message: { id: 'a' as MessageId, body: bytes('body') } } },
    ]);
    expect(decodeRecord(data).steps).toHaveLength(1);
    for (let place = 0; place < data.length; place++) {
      for (const bit of [1, 16, 128]) {
        const flipped = Uint8Array.from(data);
        flipped[place]! ^= bit;
        expect(() => decodeRecord(flipped)).toThrow(RangeError);
      }
      expect(() => decodeRecord(data.subarray(0, place))).toThrow(RangeError);
    }
  });

  test('takes in what fits, whole or not at all, and goes on afterwards', () => {
    const put = (id: string, size: number): QueueStep => ({
      type: 'put',
      put: { queue: `p/${id}`, message: { id: id as MessageId, body: new Uint8Array(size) } },
    });
    const record = new RecordWriter(writer, 1);
    expect(record.add([put('a', 10)], 200)).toBe(true);
    expect(record.add([put('b', 10), put('c', 500)], 200)).toBe(false);
    // The name of its queue was taken back as well.
    expect(record.add([put('c', 20)], 200)).toBe(true);
    expect(record.byteCount).toBeLessThanOrEqual(200);
    const { steps } = decodeRecord(record.done());
    const sizes = steps.map(step =>
      step.type === 'put' ? [step.put.queue, step.put.message.body.length] : [],
    );
    expect(sizes).toEqual([
      ['p/a', 10],
      ['p/c', 20],
    ]);
  });
});

/** What the state machine comes to by itself. */
function stepOf(model: QueuePartition, step: QueueStep, nowMs: number): unknown {
  if (step.type === 'put') return model.put(step.put, nowMs);
  if (step.type === 'lease') return model.lease(step.queue, step.query, nowMs);
  if (step.type === 'extend') return model.extend(step.lease, step.leaseMs, step.started, nowMs);
  if (step.type === 'settle') return model.settle(step.settlement, nowMs);
  if (step.type === 'write') return model.writeState(step.write, nowMs);
  if (step.type === 'abandon') return model.abandon(step.queue, step.owner, nowMs);
  if (step.type === 'purge') return model.purge(step.queue);
  if (step.type === 'remove')
    return { outcome: 'applied', removed: model.remove(step.queue, step.id, nowMs) };
  throw new Error('No step of the state machine');
}
