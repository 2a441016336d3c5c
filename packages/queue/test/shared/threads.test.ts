import { seededRandom } from '@quorate/core';
import type { WorkerHandle } from '@quorate/threads';
import { describe, expect, test } from 'vitest';
import { type Stages, ThreadQueue, ThreadStream } from '../../src/shared/index.ts';
import { QueueStage, turn } from './queue-stage.ts';
import { numbersMax, type queueWorker } from './queue-worker.ts';

const long = process.env['QUORATE_LONG'] !== undefined;
const messageBytes = 60;

/** Each number of each lane was read, once. */
function eachOnce({ shared }: QueueStage, lanes: number, last: number): boolean {
  for (let lane = 0; lane < lanes; lane++)
    for (let number = 1; number <= last; number++)
      if (shared.reads[lane * numbersMax + number] !== 1) return false;
  return true;
}

describe('a queue', () => {
  test.each([
    ['one to one', 1, 1, 1000],
    ['three to one', 3, 1, 0],
    ['one to three', 1, 3, 0],
    ['three to three', 3, 3, 100],
  ])(
    "%s: each message is read once, whole, and in its producer's order",
    async (_, producers, consumers, spins) => {
      await using stage = new QueueStage();
      const queue = ThreadQueue.create({ ...stage.seat, capacity: 64, messageBytes });
      const last = long ? numbersMax - 1 : 30_000;
      const readers = await Promise.all(
        Array.from({ length: consumers }, () => stage.spawn(queue.place, spins)),
      );
      const writers = await Promise.all(
        Array.from({ length: producers }, () => stage.spawn(queue.place, spins)),
      );
      const reading = readers.map(worker => worker.call('consume', {}));
      await Promise.all(writers.map((worker, lane) => worker.call('produce', { lane, last })));
      queue.close();
      const counts = await Promise.all(reading);
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(producers * last);
      expect(stage.shared.wrong[0]).toBe(0);
      expect(eachOnce(stage, producers, last)).toBe(true);
      expect(queue.describe()).toMatchObject({ ready: 0, claimed: 0, leased: 0, redelivered: 0, voided: 0 });
    },
  );

  test('threads that await and threads that block serve each other', async () => {
    await using stage = new QueueStage();
    const queue = ThreadQueue.create({ ...stage.seat, capacity: 8, messageBytes });
    const last = 1_000;
    const workers = await Promise.all(Array.from({ length: 4 }, () => stage.spawn(queue.place)));
    const [one, two, three, four] = workers as [Worker, Worker, Worker, Worker];
    const reading = [one.call('consume', { awaits: true }), two.call('consume', {})];
    await Promise.all([
      three.call('produce', { lane: 0, last, awaits: true }),
      four.call('produce', { lane: 1, last }),
    ]);
    queue.close();
    await Promise.all(reading);
    expect(stage.shared.wrong[0]).toBe(0);
    expect(eachOnce(stage, 2, last)).toBe(true);
  });
});

type Worker = WorkerHandle<typeof queueWorker>;

describe('a stream', () => {
  test.each<[string, Stages, number, boolean]>([
    ['one to one', { main: [] }, 1000, false],
    ['one to three', { a: [], b: [], c: [] }, 0, false],
    ['pipeline', { decode: [], apply: ['decode'], reply: ['apply'] }, 0, false],
    ['diamond', { journal: [], replicate: [], apply: ['journal', 'replicate'] }, 0, false],
    ['diamond, awaited', { journal: [], replicate: [], apply: ['journal', 'replicate'] }, 0, true],
  ])(
    '%s: each stage reads each message, behind those that it comes after',
    async (_, stages, spins, awaits) => {
      await using stage = new QueueStage();
      const stream = ThreadStream.create({ ...stage.seat, capacity: 64, messageBytes, stages });
      const names = Object.keys(stages);
      const last = long ? 1_000_000 : awaits ? 1_000 : 50_000;
      const running = await Promise.all(
        Object.entries(stages).map(async ([name, after], index) => {
          const worker = await stage.spawn(stream.place, spins);
          const order = { name, index, after: after.map(other => names.indexOf(other)), awaits, max: 7 };
          return () => worker.call('stage', order);
        }),
      );
      const reading = running.map(run => run());
      const producer = await stage.spawn(stream.place, spins);
      await producer.call('stream', { last, awaits });
      await Promise.all(reading);
      expect(stage.shared.wrong[0]).toBe(0);
      expect([...stage.shared.heights.subarray(0, names.length)]).toEqual(names.map(() => last));
      const { stages: report, producer: nobody } = stream.describe();
      expect(nobody).toBeUndefined();
      expect(Object.values(report)).toEqual(
        names.map(name => ({ after: stages[name], owner: undefined, isOwnerAlive: false, behind: 0 })),
      );
    },
  );
});

describe('threads are killed at random moments', () => {
  test('a queue: nothing that was published is lost, and only what the dead had is given again', async () => {
    await using stage = new QueueStage();
    const random = seededRandom('queue kills');
    const queue = ThreadQueue.create({ ...stage.seat, capacity: 16, messageBytes });
    const lanes = 3;
    const { published, reads, stop, wrong } = stage.shared;
    const produce = async (lane: number): Promise<Worker> => {
      const worker = await stage.spawn(queue.place, lane === 0 ? 100 : 0);
      worker.call('produce', { lane, last: numbersMax - 1 }).catch(() => {});
      return worker;
    };
    const consume = async (spins: number): Promise<Worker> => {
      const worker = await stage.spawn(queue.place, spins);
      worker.call('consume', { mayRepeat: true }).catch(() => {});
      return worker;
    };
    const producers = await Promise.all(Array.from({ length: lanes }, (_, lane) => produce(lane)));
    const consumers = await Promise.all([consume(0), consume(100)]);
    const kills = long ? 1000 : 24;
    for (let kill = 0; kill < kills; kill++) {
      for (let turns = random.uint32() % 20; turns > 0; turns--) await turn();
      const isProducer = random.uint32() % 2 === 0;
      const [crew, renew] = isProducer ? ([producers, produce] as const) : ([consumers, consume] as const);
      const index = random.uint32() % crew.length;
      await stage.kill(crew[index] as Worker);
      crew[index] = await renew(index);
    }
    Atomics.store(stop, 0, 1);
    await Promise.all(producers.map(worker => worker.close()));
    queue.close();
    await Promise.all(consumers.map(worker => worker.close()));
    let [lost, again, read] = [0, 0, 0];
    for (let lane = 0; lane < lanes; lane++) {
      const last = published[lane] as number;
      for (let number = 1; number < numbersMax; number++) {
        const times = reads[lane * numbersMax + number] as number;
        read += times;
        if (number <= last && times === 0) lost++;
        if (times > 1) again += times - 1;
      }
    }
    expect({ lost, wrong: wrong[0] }).toEqual({ lost: 0, wrong: 0 });
    // A dead producer may have published what it had not written down yet, a dead consumer have read what it had.
    expect(again).toBeLessThanOrEqual(kills);
    expect(read).toBeGreaterThan(kills);
    expect(queue.describe()).toMatchObject({ ready: 0, claimed: 0, leased: 0, isClosed: true });
  });

  test('a stream: whoever takes a part over goes on where it was left', async () => {
    await using stage = new QueueStage();
    const random = seededRandom('stream kills');
    const stages = { journal: [], replicate: [], apply: ['journal', 'replicate'] };
    const stream = ThreadStream.create({ ...stage.seat, capacity: 16, messageBytes, stages });
    const parts = [
      (worker: Worker) => worker.call('stream', { last: Number.POSITIVE_INFINITY }),
      ...Object.keys(stages).map((name, index) => {
        const after = name === 'apply' ? [0, 1] : [];
        return (worker: Worker) => worker.call('stage', { name, index, after, awaits: false, max: 3 });
      }),
    ];
    const play = async (part: number): Promise<Worker> => {
      const worker = await stage.spawn(stream.place, part % 2 === 0 ? 0 : 100);
      parts[part]?.(worker).catch(() => {});
      return worker;
    };
    const crew = await Promise.all(parts.map((_, part) => play(part)));
    const { heights, wrong } = stage.shared;
    for (let kill = 0; kill < (long ? 500 : 12); kill++) {
      for (let turns = random.uint32() % 20; turns > 0; turns--) await turn();
      const part = random.uint32() % crew.length;
      await stage.kill(crew[part] as Worker);
      crew[part] = await play(part);
      // They all go on: nobody waits for the dead.
      const height = heights[2] as number;
      while (Atomics.load(heights, 2) < height + 20) await turn();
    }
    expect(wrong[0]).toBe(0);
  });
});
