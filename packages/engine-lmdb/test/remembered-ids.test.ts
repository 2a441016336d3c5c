import type { LeaseAnswer, LeaseHandle, MessageId, PutResult } from '@quorate/core';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { LmdbBytes } from '../src/host/lmdb-bytes.ts';
import { openDatabase } from '../src/host/open-database.ts';
import { KnownListeners } from '../src/queue/listener-table.ts';
import { nameKey, queueTables } from '../src/queue/queue-keys.ts';
import type { QueueStep } from '../src/queue/queue-request.ts';
import { QueueTransaction } from '../src/queue/queue-transaction.ts';
import { testFolder } from './lmdb-subject.ts';

const folder = testFolder();
afterAll(() => folder[Symbol.dispose]());

const rememberMs = 1000;
const ids = Array.from({ length: 250 }, (_, index) => `id-${index}`);

/** Queues at a time that is set, in one transaction of LMDB. */
class Queues {
  nowMs = 5000;
  readonly bytes: LmdbBytes;
  #last = 0;

  constructor(bytes: LmdbBytes) {
    this.bytes = bytes;
  }

  run(step: QueueStep): unknown {
    const transaction = new QueueTransaction(this.bytes, {
      time: { bootId: 'boot', nowMs: () => this.nowMs, wallMs: () => this.nowMs },
      next: () => ++this.#last,
      known: new KnownListeners(),
      wake: () => {},
    });
    const result = transaction.run({ type: 'queue', maxBytes: 2 ** 30, step });
    transaction.finish();
    return result;
  }

  /** @returns which of them were duplicates */
  put(names: readonly string[]): boolean[] {
    const puts = names.map(id => ({
      queue: 'q',
      message: { id: id as MessageId, rememberMs, body: Buffer.from(id) },
    }));
    const results = this.run({ do: 'put', puts }) as PutResult[];
    return results.map(result => 'duplicate' in result && result.duplicate);
  }

  lease(): readonly LeaseHandle[] {
    const query = { messagesMax: 1000, leaseMs: 60_000, lanes: undefined, owner: 'o', startedMax: 0 };
    const answer = this.run({ do: 'lease', queue: 'q', query, host: 'h' }) as LeaseAnswer;
    return answer.messages;
  }

  acknowledge(leases: readonly LeaseHandle[]): unknown {
    return this.run({
      do: 'settle',
      settlements: leases.map(lease => ({ lease, action: { type: 'acknowledge' } })),
    });
  }

  count(table: number): number {
    return this.bytes.count({ start: Buffer.of(table), end: Buffer.of(table + 1) });
  }
}

function inFresh(run: (queues: Queues) => void): void {
  const database = openDatabase({ folder: folder.fresh(), durability: 'os' });
  onTestFinished(() => database.close());
  database.transactionSync(() => run(new Queues(new LmdbBytes(database))));
}

const applied = ids.map(() => ({ outcome: 'applied' }));
const all = (answer: boolean): boolean[] => ids.map(() => answer);

test('an id is remembered when its message is gone, and then forgotten without a trace', () =>
  inFresh(queues => {
    expect(queues.put(ids)).toEqual(all(false));
    expect(queues.acknowledge(queues.lease())).toEqual(applied);
    expect(queues.put(ids)).toEqual(all(true));
    queues.nowMs += rememberMs;
    queues.run({ do: 'advance' });
    expect(
      [queueTables.remembered, queueTables.time, queueTables.id].map(each => queues.count(each)),
    ).toEqual([0, 0, 0]);
    expect(queues.put(ids)).toEqual(all(false));
  }));

test('a message that outlives its id goes on being found by it', () =>
  inFresh(queues => {
    queues.put(ids);
    const leases = queues.lease();
    queues.nowMs += rememberMs;
    expect(queues.put(ids)).toEqual(all(true));
    expect(queues.count(queueTables.remembered)).toBe(0);
    expect(queues.acknowledge(leases)).toEqual(applied);
    expect(queues.count(queueTables.id)).toBe(0);
    expect(queues.put(ids)).toEqual(all(false));
  }));

test('so does one whose id is remembered by a record that is damaged; the id counts as remembered', () =>
  inFresh(queues => {
    queues.put(ids);
    const place = nameKey(queueTables.remembered, 'q\0id-7');
    const record = queues.bytes.get(place) as Buffer;
    record[6] = (record[6] as number) ^ 1;
    queues.bytes.put(place, record);
    expect(queues.acknowledge(queues.lease())).toEqual(applied);
    expect(queues.put(['id-7'])).toEqual([true]);
  }));

test('records of times that are damaged, however many, keep none behind them from being dropped', () =>
  inFresh(queues => {
    const names = Array.from({ length: 502 }, (_, index) => `${index}`);
    for (const name of names) {
      queues.nowMs++;
      queues.put([name]);
    }
    const times = queues.bytes.keys({
      start: Buffer.of(queueTables.time),
      end: Buffer.of(queueTables.time + 1),
    });
    for (const key of times.slice(0, -1)) queues.bytes.put(Buffer.from(key), Buffer.alloc(20));
    queues.nowMs += rememberMs;
    for (let round = 0; round < 2; round++) queues.run({ do: 'advance' });
    expect(queues.count(queueTables.time)).toBe(0);
  }));

test('an id that comes again when its time is over is remembered for its new time', () =>
  inFresh(queues => {
    queues.put(['one']);
    queues.acknowledge(queues.lease());
    queues.nowMs += rememberMs;
    expect(queues.put(['one'])).toEqual([false]);
    queues.acknowledge(queues.lease());
    queues.nowMs += rememberMs - 1;
    expect(queues.put(['one'])).toEqual([true]);
    queues.nowMs++;
    expect(queues.put(['one'])).toEqual([false]);
  }));
