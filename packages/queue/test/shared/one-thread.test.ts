import { createTeam } from '@quorate/threads';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Lease,
  type MessageSlot,
  type Seat,
  ThreadQueue,
  ThreadStream,
} from '../../src/shared/index.ts';
import { turn } from './queue-stage.ts';

function seat(): Seat {
  const team = createTeam({ capacity: 4 });
  return { team, member: team.join(), spins: 0 };
}

const size = { capacity: 4, messageBytes: 8 };
const bytes = (...values: number[]): Uint8Array => Uint8Array.of(...values);
const closed = expect.objectContaining({ code: 'CLOSED', outcome: 'not-applied' });
const late = { code: 'DEADLINE_EXCEEDED', outcome: 'not-applied', retryable: true };

describe('a queue', () => {
  test("messages of any size up to the slot's, bit for bit", () => {
    const queue = ThreadQueue.create({ ...seat(), ...size });
    const messages = [
      bytes(),
      bytes(1),
      bytes(255, 255, 255, 255, 255, 255, 255, 127),
      bytes(1, 2, 3, 4, 5, 6, 7),
    ];
    for (const message of messages) expect(queue.tryPush(message)).toBe(true);
    expect(queue.tryPush(bytes(9))).toBe(false);
    for (const message of messages) {
      using lease = queue.tryTake();
      expect([...(lease?.bytes ?? [])]).toEqual([...message]);
      lease?.done();
    }
    expect(queue.tryTake()).toBeUndefined();
    expect(() => queue.tryPush(new Uint8Array(9))).toThrow(
      new RangeError('Message must have at most 8 bytes for "queue": received 9'),
    );
  });

  test('many are written and read in place', () => {
    const queue = ThreadQueue.create({ ...seat(), ...size });
    const write = ({ words, wordOffset }: MessageSlot, index: number): void => {
      words[wordOffset] = index;
    };
    expect(queue.tryWriteMany(7, 4, write)).toBe(4);
    const read: number[] = [];
    const note = (slot: MessageSlot): void =>
      void read.push(slot.words[slot.wordOffset] as number, slot.copy().length, slot.view().length);
    expect(queue.tryRead(note, 3)).toBe(3);
    expect(queue.read(note, { max: 3 })).toBe(1);
    expect(read).toEqual([0, 4, 4, 1, 4, 4, 2, 4, 4, 3, 4, 4]);
  });

  test('a lease that is given back is taken again before what comes later; one that is kept stops the ring a lap later', () => {
    const queue = ThreadQueue.create({ ...seat(), ...size });
    for (const value of [1, 2, 3, 4]) queue.tryPush(bytes(value));
    const first = queue.tryTake() as Lease;
    const second = queue.tryTake() as Lease;
    second.done();
    expect(queue.tryPush(bytes(5))).toBe(false);
    first.release();
    first.done();
    expect([first.isHeld, second.isHeld]).toEqual([false, false]);
    expect(queue.describe()).toMatchObject({ ready: 3, leased: 0, redelivered: 1 });
    const taken: number[] = [];
    while (queue.tryRead(slot => void taken.push(slot.bytes[slot.byteOffset] as number)) > 0);
    expect(taken).toEqual([1, 3, 4]);
  });

  test('a callback that throws: nothing is published, nothing is lost', () => {
    const queue = ThreadQueue.create({ ...seat(), ...size });
    const fail = (): never => {
      throw new Error('no');
    };
    expect(() => queue.tryWrite(1, fail)).toThrow('no');
    queue.tryPush(bytes(1));
    expect(() => queue.tryRead(fail)).toThrow('no');
    expect(queue.describe()).toMatchObject({ ready: 1, claimed: 0, leased: 0, redelivered: 1, voided: 1 });
    expect(queue.tryTake()?.bytes[0]).toBe(1);
  });

  test('the end: what is in can be taken, then consumers are told, those that wait too', async () => {
    const queue = ThreadQueue.create({ ...seat(), ...size });
    queue.tryPush(bytes(1));
    queue.close();
    queue.close();
    expect(() => queue.tryPush(bytes(2))).toThrow(closed);
    expect(() => queue.push(bytes(2))).toThrow(closed);
    await expect(queue.pushAsync(bytes(2))).rejects.toThrow('"queue" is closed');
    queue.take()?.done();
    expect([queue.take(), queue.tryTake(), await queue.takeAsync(), queue.read(() => {})]).toEqual([
      undefined,
      undefined,
      undefined,
      0,
    ]);
    const other = ThreadQueue.create({ ...seat(), ...size });
    const waiting = [other.takeAsync(), other.takeAsync()];
    await turn();
    other.close();
    expect(await Promise.all(waiting)).toEqual([undefined, undefined]);
    for (const value of [1, 2, 3, 4]) expect(() => other.tryPush(bytes(value))).toThrow(closed);
  });

  test('closed in the middle of many: those before are in, and are counted', () => {
    const own = seat();
    const queue = ThreadQueue.create({ ...own, ...size });
    const member = (own.team as ReturnType<typeof createTeam>).join();
    const other = ThreadQueue.attach(queue.place, { ...own, member });
    const write = (_: MessageSlot, index: number): void => {
      if (index === 2) other.close();
    };
    expect(queue.tryWriteMany(4, 1, write)).toBe(2);
    expect(() => queue.tryWriteMany(4, 1, write)).toThrow(closed);
    expect(other.tryRead(() => {}, 9)).toBe(2);
  });

  test('a consumer that waits for the end waits for the leases of others', async () => {
    const own = seat();
    const queue = ThreadQueue.create({ ...own, ...size });
    const other = ThreadQueue.attach(queue.place, {
      ...own,
      member: (own.team as ReturnType<typeof createTeam>).join(),
    });
    for (const value of [1, 2]) queue.tryPush(bytes(value));
    const [first, second] = [queue.tryTake() as Lease, queue.tryTake() as Lease];
    queue.close();
    const given = other.takeAsync();
    await turn();
    second.release();
    const again = await given;
    expect(again?.bytes[0]).toBe(2);
    again?.done();
    const end = other.takeAsync();
    await turn();
    first.done();
    expect(await end).toBeUndefined();
  });

  test('signals and deadlines', async () => {
    const queue = ThreadQueue.create({ ...seat(), ...size });
    await expect(queue.takeAsync({ deadlineMs: 1 })).rejects.toMatchObject(late);
    expect(() => queue.take({ deadlineMs: 1 })).toThrow(expect.objectContaining(late));
    for (const value of [1, 2, 3, 4]) queue.tryPush(bytes(value));
    await expect(queue.pushAsync(bytes(5), { deadlineMs: 1 })).rejects.toMatchObject(late);
    expect(() => queue.push(bytes(5), { deadlineMs: 1 })).toThrow(expect.objectContaining(late));
    expect(() => queue.push(bytes(5), { deadlineMs: -1 })).toThrow('received -1');
    expect(() => queue.push(bytes(5), { signal: AbortSignal.abort() })).toThrow(
      expect.objectContaining({ code: 'ABORTED' }),
    );
    const abort = new AbortController();
    const waits = queue.pushAsync(bytes(5), { signal: abort.signal });
    await turn();
    abort.abort();
    await expect(waits).rejects.toMatchObject({ code: 'ABORTED', outcome: 'not-applied' });
    expect(queue.describe()).toMatchObject({ ready: 4, claimed: 0 });
    const next = queue.pushAsync(bytes(6));
    queue.tryTake()?.done();
    await next;
    expect(queue.describe()).toMatchObject({ ready: 4 });
  });

  test('what is no queue, or too large, is refused', () => {
    const own = seat();
    expect(() => ThreadQueue.create({ ...own, capacity: 6, messageBytes: 8 })).toThrow('power of two');
    expect(() => ThreadQueue.create({ ...own, capacity: 4, messageBytes: 0 })).toThrow(RangeError);
    expect(() => ThreadQueue.create({ ...own, capacity: 2 ** 20, messageBytes: 2 ** 20 })).toThrow(
      'together',
    );
    expect(() => ThreadQueue.create({ ...own, ...size, name: 'x'.repeat(65) })).toThrow('64 bytes');
    expect(() => ThreadQueue.create({ ...own, ...size, spins: -1 })).toThrow('Spins');
    const stream = ThreadStream.create({ ...own, ...size });
    expect(() => ThreadQueue.attach(stream.place, own)).toThrow(TypeError);
    const buffer = new SharedArrayBuffer(ThreadQueue.bytesNeeded(size) + ThreadStream.bytesNeeded(size) + 16);
    const queue = ThreadQueue.create({ ...own, ...size, buffer, byteOffset: 16 });
    const beside = ThreadStream.create({
      ...own,
      ...size,
      buffer,
      byteOffset: 16 + ThreadQueue.bytesNeeded(size),
    });
    queue.tryPush(bytes(1));
    beside.produce().tryPush(bytes(2));
    expect(ThreadQueue.attach(queue.place, own).tryTake()?.bytes[0]).toBe(1);
    const tooSmall = new SharedArrayBuffer(64);
    expect(() => ThreadQueue.create({ ...own, ...size, buffer: tooSmall })).toThrow(RangeError);
  });

  test('as a list is, whatever is done', () => {
    const command = fc.oneof(
      fc.record({ what: fc.constant('push' as const), value: fc.nat(255) }),
      fc.record({ what: fc.constant('many' as const), value: fc.integer({ min: 1, max: 9 }) }),
      fc.record({ what: fc.constantFrom('take', 'read', 'done', 'release' as const), value: fc.nat(9) }),
    );
    fc.assert(
      fc.property(fc.array(command, { maxLength: 200 }), commands => {
        const own = seat();
        const queue = ThreadQueue.create({ ...own, capacity: 8, messageBytes: 1 });
        const ready: { at: number; value: number }[] = [];
        const leases: { lease: Lease; at: number; value: number }[] = [];
        let next = 0;
        /** Slots are used in turn, so the oldest message that is not done holds the ring up. */
        const room = (): number => 8 - next + Math.min(next, ...[...ready, ...leases].map(({ at }) => at));
        const add = (value: number): void => void ready.push({ at: next++, value });
        for (const { what, value } of commands) {
          if (what === 'push') {
            const fits = room() > 0;
            expect(queue.tryPush(bytes(value))).toBe(fits);
            if (fits) add(value);
          } else if (what === 'many') {
            const count = Math.min(value, room());
            const write = (slot: MessageSlot, index: number): void => {
              slot.bytes[slot.byteOffset] = index;
            };
            expect(queue.tryWriteMany(value, 1, write)).toBe(count);
            for (let index = 0; index < count; index++) add(index);
          } else if (what === 'read') {
            const read: number[] = [];
            queue.tryRead(slot => void read.push(slot.bytes[slot.byteOffset] as number), value + 1);
            expect(read).toEqual(ready.splice(0, value + 1).map(each => each.value));
          } else if (what === 'take') {
            const lease = queue.tryTake();
            const first = ready.shift();
            expect(lease?.bytes[0]).toBe(first?.value);
            if (lease && first) leases.push({ lease, ...first });
          } else if (leases.length > 0) {
            const [chosen] = leases.splice(value % leases.length, 1);
            const { lease, ...message } = chosen as (typeof leases)[number];
            lease[what]();
            if (what === 'release') {
              ready.push(message);
              ready.sort((a, b) => a.at - b.at);
            }
          }
          expect(queue.describe()).toMatchObject({ ready: ready.length, leased: leases.length, claimed: 0 });
        }
      }),
    );
  });
});

describe('a stream', () => {
  test("each part is one thread's at a time", () => {
    const own = seat();
    const team = own.team as ReturnType<typeof createTeam>;
    const member = team.join();
    const stream = ThreadStream.create({ ...own, ...size, stages: { a: [], b: ['a'] } });
    const other = ThreadStream.attach(stream.place, { team, member });
    const producer = other.produce();
    const consumer = other.consume('a');
    expect(() => stream.produce()).toThrow(expect.objectContaining({ code: 'NOT_OWNER' }));
    expect(() => stream.consume('a')).toThrow(`Member ${member} is stage "a" of "stream", and alive`);
    expect(() => stream.consume('c')).toThrow('Stage must be one of a, b: received "c"');
    producer.tryPush(bytes(1));
    producer[Symbol.dispose]();
    expect(consumer.tryRead(() => {})).toBe(1);
    team.leave(member);
    expect(stream.describe()).toMatchObject({
      producer: undefined,
      stages: { a: { owner: member, isOwnerAlive: false, behind: 0 }, b: { after: ['a'], behind: 1 } },
    });
    stream.produce().tryPush(bytes(2));
    const read: number[] = [];
    stream.consume('a').tryRead(slot => void read.push(...slot.copy()));
    expect(read).toEqual([2]);
  });

  test('stages are checked', () => {
    const make = (stages: Record<string, string[]>) => () =>
      ThreadStream.create({ ...seat(), ...size, stages });
    expect(make({})).toThrow(RangeError);
    expect(make({ '': [] })).toThrow(RangeError);
    expect(make({ a: ['b'], b: [] })).toThrow(
      'Stage "a" must come after stages that are named before it: received "b"',
    );
  });

  test('a producer that throws publishes nothing; a stage that throws is done with those before', async () => {
    const stream = ThreadStream.create({ ...seat(), ...size });
    const [producer, consumer] = [stream.produce(), stream.consume()];
    const failAt =
      (bad: number) =>
      (_: MessageSlot, index: number): void => {
        if (index === bad) throw new Error('no');
      };
    expect(() => producer.tryWriteMany(3, 1, failAt(2))).toThrow('no');
    expect(consumer.tryRead(() => {})).toBe(0);
    expect(
      producer.tryWriteMany(9, 1, ({ bytes: all, byteOffset }, index) => void (all[byteOffset] = index)),
    ).toBe(4);
    expect(producer.tryPush(bytes(9))).toBe(false);
    expect(() => producer.push(bytes(9), { deadlineMs: 1 })).toThrow(expect.objectContaining(late));
    await expect(producer.pushAsync(bytes(9), { deadlineMs: 1 })).rejects.toMatchObject(late);
    const read: number[] = [];
    const note = (slot: MessageSlot): void => {
      const value = slot.bytes[slot.byteOffset] as number;
      if (value === 2 && read.length === 2) {
        read.push(-1);
        throw new Error('no');
      }
      read.push(value);
    };
    expect(() => consumer.tryRead(note)).toThrow('no');
    expect(stream.describe().stages['main']?.behind).toBe(2);
    producer.close();
    expect(() => producer.tryPush(bytes(9))).toThrow(closed);
    expect([consumer.read(note), consumer.read(note), await consumer.readAsync(note)]).toEqual([2, 0, 0]);
    expect(read).toEqual([0, 1, -1, 2, 3]);
    expect(stream.describe().isClosed).toBe(true);
  });

  test('what waits for room when it is closed is not put in: its stages may have gone', async () => {
    const stream = ThreadStream.create({ ...seat(), ...size });
    const [producer, consumer] = [stream.produce(), stream.consume()];
    for (const value of [1, 2, 3, 4]) producer.tryPush(bytes(value));
    const waits = producer.pushAsync(bytes(5));
    waits.catch(() => {});
    await turn();
    producer.close();
    expect([consumer.read(() => {}), consumer.read(() => {})]).toEqual([4, 0]);
    await expect(waits).rejects.toThrow(closed);
    expect(stream.describe().stages['main']?.behind).toBe(0);
  });

  test('as a list with marks is, whatever is done', () => {
    const stages = { a: [], b: [], c: ['a', 'b'], d: ['a'] };
    const names = Object.keys(stages) as (keyof typeof stages)[];
    const command = fc.record({ who: fc.nat(4), count: fc.integer({ min: 1, max: 9 }) });
    fc.assert(
      fc.property(fc.array(command, { maxLength: 200 }), commands => {
        const stream = ThreadStream.create({ ...seat(), capacity: 8, messageBytes: 4, stages });
        const producer = stream.produce();
        const consumers = names.map(name => stream.consume(name));
        const marks = { a: 0, b: 0, c: 0, d: 0 };
        let published = 0;
        for (const { who, count } of commands) {
          const name = names[who];
          if (name === undefined) {
            const room = 8 - published + Math.min(...Object.values(marks));
            const start = published;
            const written = producer.tryWriteMany(count, 4, ({ words, wordOffset }, index) => {
              words[wordOffset] = start + index;
            });
            expect(written).toBe(Math.min(count, room));
            published += written;
          } else {
            const limit = Math.min(published, ...stages[name].map(other => marks[other as 'a']));
            const read: number[] = [];
            // It looks again only when it has read all that it had seen.
            consumers[who]?.tryRead(
              ({ words, wordOffset }) => void read.push(words[wordOffset] as number),
              count,
            );
            expect(read).toEqual(read.map((_, index) => marks[name] + index));
            marks[name] += read.length;
            expect(marks[name]).toBeLessThanOrEqual(limit);
            if (limit > marks[name] - read.length) expect(read.length).toBeGreaterThan(0);
          }
        }
      }),
    );
  });
});
