import { exploreAll, walkMany } from '@quorate/interleaving';
import { describe, expect, test, vi } from 'vitest';
import { QueueModel, walks } from './queue-model.ts';

// What is read and written plainly is a step as well.
vi.mock('../../src/shared/plain-words.ts', () => ({
  peek: (words: Int32Array, index: number) => Atomics.load(words, index),
  poke: (words: Int32Array, index: number, value: number) => Atomics.store(words, index, value),
}));

describe('every order with few interruptions', () => {
  test('one producer, one consumer that sleeps', () => {
    const stage = new QueueModel(2);
    const model = stage.model([stage.producer(1, [1, 2]), stage.consumer(2, 2, { inOrder: true })]);
    expect(exploreAll(model, { preemptions: 2 }).ends).toBeGreaterThan(5);
  });

  test('two producers, one consumer', () => {
    const stage = new QueueModel(3);
    const model = stage.model([stage.producer(1, [1]), stage.producer(2, [2]), stage.consumer(3, 2)]);
    expect(exploreAll(model, { preemptions: 1 }).ends).toBeGreaterThan(5);
  });

  test('two messages wake two consumers', () => {
    const stage = new QueueModel(3);
    const model = stage.model([stage.producer(1, [1, 2]), stage.consumer(2, 1), stage.consumer(3, 1)]);
    expect(exploreAll(model, { preemptions: 1 }).ends).toBeGreaterThan(5);
  });

  test('a producer waits for room', () => {
    const stage = new QueueModel(2, [1, 2, 3, 4]);
    const model = stage.model([stage.producer(1, [5, 6]), stage.consumer(2, 6, { inOrder: true })]);
    expect(exploreAll(model, { preemptions: 2 }).ends).toBeGreaterThan(5);
  });

  test('a producer gives up at any time', () => {
    const stage = new QueueModel(2, [1, 2, 3, 4]);
    const model = stage.model([stage.producer(1, [5], { deadlineMs: 5 }), stage.consumer(2)]);
    expect(exploreAll(model, { preemptions: 1 }).ends).toBeGreaterThan(5);
  });

  test('it is closed while a producer pushes: what was pushed is read, and consumers end', () => {
    const stage = new QueueModel(4);
    const model = stage.model([stage.producer(1, [1]), stage.consumer(2), stage.closer(3)], {
      maySleep: () => false,
    });
    expect(exploreAll(model, { preemptions: 2 }).ends).toBeGreaterThan(5);
  });

  test('a producer dies at any step', () => {
    const stage = new QueueModel(3);
    const programs = [stage.producer(1, [1], { mortal: true }), stage.consumer(2), stage.undertaker(1, 3)];
    expect(exploreAll(stage.model(programs, { kills: 1 }), { preemptions: 2 }).ends).toBeGreaterThan(5);
  });

  test('a consumer dies at any step, and another has what it had leased', () => {
    const stage = new QueueModel(4, [1]);
    const programs = [stage.consumer(1, 1, { mortal: true }), stage.consumer(2), stage.undertaker(1, 3)];
    expect(exploreAll(stage.model(programs, { kills: 1 }), { preemptions: 2 }).ends).toBeGreaterThan(5);
  });

  test('two consumers find what a third had leased', () => {
    const stage = new QueueModel(4, [1]);
    const programs = [
      stage.consumer(1, 1, { mortal: true }),
      stage.consumer(2),
      stage.consumer(3),
      stage.undertaker(1, 4),
    ];
    expect(walkMany(stage.model(programs, { kills: 1 }), 'three', walks(400))).toBeGreaterThan(0);
  });

  test('a dead producer holds the slot that another waits for', () => {
    const stage = new QueueModel(4, [1, 2, 3]);
    const programs = [
      stage.producer(1, [4], { mortal: true }),
      stage.producer(2, [5]),
      stage.consumer(3),
      stage.undertaker(1, 4),
    ];
    expect(walkMany(stage.model(programs, { kills: 1 }), 'full', walks(300))).toBeGreaterThan(0);
  });
});

describe('random orders', () => {
  test('two producers, two consumers, of which two die', () => {
    const stage = new QueueModel(5);
    const programs = [
      stage.producer(1, [1, 2, 3], { mortal: true }),
      stage.producer(2, [4, 5, 6]),
      stage.consumer(3),
      stage.consumer(4, 99, { mortal: true }),
      stage.undertaker(1, 5),
      stage.undertaker(2, 5),
    ];
    expect(walkMany(stage.model(programs, { kills: 2 }), 'deaths', walks(400))).toBeGreaterThan(0);
  });

  test('it is closed in the middle, and somebody dies', () => {
    const stage = new QueueModel(5);
    const programs = [
      stage.producer(1, [1, 2], { mortal: true }),
      stage.producer(2, [4, 5]),
      stage.consumer(3),
      stage.consumer(4, 99, { mortal: true }),
      stage.closer(5),
      stage.undertaker(1, 5),
    ];
    const model = stage.model(programs, { kills: 1, maySleep: () => false });
    expect(walkMany(model, 'closed', walks(400))).toBeGreaterThan(0);
  });
});
