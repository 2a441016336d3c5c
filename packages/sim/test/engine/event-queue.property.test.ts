import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EventQueue, QueueEvent } from '../../src/engine/event-queue.ts';
import { Lane } from '../../src/engine/lane.ts';

class Numbered extends QueueEvent {
  readonly number: number;
  readonly atUs: number;

  constructor(number: number, atUs: number) {
    super(new Lane(0));
    this.number = number;
    this.atUs = atUs;
  }

  run(): boolean {
    return true;
  }
}

/** What it should do, by sorting everything each time. */
class SlowQueue {
  #events: Numbered[] = [];

  push(event: Numbered): void {
    this.#events.push(event);
  }

  pushFirst(event: Numbered): void {
    this.#events.unshift(event);
  }

  pop(): Numbered | undefined {
    const first = this.#events.toSorted((one, other) => one.atUs - other.atUs)[0];
    this.#events = this.#events.filter(event => event !== first);
    return first;
  }
}

type Step = { readonly push: number } | { readonly first: number } | { readonly pop: number };

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ push: fc.oneof(fc.nat(3), fc.nat(1_000), fc.nat(10_000_000_000)) }) },
    {
      weight: 1,
      arbitrary: fc.record({ first: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 150 })) }),
    },
    { weight: 2, arbitrary: fc.record({ pop: fc.integer({ min: 1, max: 80 }) }) },
  ),
  { maxLength: 600, size: 'max' },
);

test('events come by their time, and by the order of the calls among equals, however far away they are', () => {
  fc.assert(
    fc.property(steps, script => {
      const queue = new EventQueue();
      const slow = new SlowQueue();
      let number = 0;
      let nowUs = 0;
      for (const step of script) {
        if ('push' in step) {
          const event = new Numbered(number++, nowUs + step.push);
          queue.push(event.atUs, event);
          slow.push(event);
          continue;
        }
        if ('first' in step) {
          for (let count = 0; count < step.first; count++) {
            const event = new Numbered(number++, nowUs);
            queue.pushFirst(nowUs, event);
            slow.pushFirst(event);
          }
          continue;
        }
        for (let count = 0; count < step.pop; count++) {
          const expected = slow.pop();
          expect(queue.pop()).toBe(expected);
          if (expected === undefined) break;
          expect(queue.poppedAtUs).toBe(expected.atUs);
          nowUs = expected.atUs;
        }
      }
      for (let expected = slow.pop(); expected !== undefined; expected = slow.pop()) {
        expect(queue.pop()).toBe(expected);
      }
      expect(queue.size).toBe(0);
    }),
    { numRuns: 200 },
  );
});

test('cancelled events are swept out, and the others keep their order', () => {
  const queue = new EventQueue();
  const events = Array.from({ length: 10_000 }, (_, number) => new Numbered(number, (number * 7919) % 1000));
  for (const event of events) queue.push(event.atUs, event);
  for (const event of events) {
    if (event.number % 10 === 0) continue;
    event.cancelled = true;
    queue.noteCancelled();
  }
  expect(queue.size).toBeLessThan(3_000);
  const left: Numbered[] = [];
  for (let event = queue.pop(); event !== undefined; event = queue.pop()) {
    if (!event.cancelled) left.push(event as Numbered);
  }
  const expected = events
    .filter(({ cancelled }) => !cancelled)
    .toSorted((one, other) => one.atUs - other.atUs || one.number - other.number);
  expect(left).toEqual(expected);
});
