import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Processes, Work } from '../src/index.ts';
import { acknowledge, QueueStand, textOf } from './queue-stand.ts';

describe('an owner that is called the same in several processes', () => {
  let stand: QueueStand;
  let gone: Set<string>;
  beforeEach(() => {
    stand = new QueueStand();
    gone = new Set();
  });
  afterEach(async () => {
    await stand.close();
    expect(stand.clock.timerCount).toBe(0);
  });

  /** A work of a process; what it starts on runs for as long as it does. */
  function workOf(self: string, owner: string, seen: string[]): Work {
    const processes: Processes = { host: 'here', self, isGone: name => gone.has(name) };
    return stand.work(
      delivery => {
        seen.push(`${self} ${textOf(delivery)}`);
        return new Promise((_, reject) => {
          delivery.signal.addEventListener('abort', () => reject(delivery.signal.reason as Error));
        });
      },
      { store: stand.store.open(), processes, owner, leaseMs: 3_600_000 },
    );
  }

  async function owners(): Promise<readonly string[]> {
    const { items } = await stand.store.inspect.messages('q');
    return items.flatMap(({ owner }) => owner ?? []);
  }

  it('is told apart: one that ended gives its messages to the one that was started in its place', async () => {
    const seen: string[] = [];
    const dead = workOf('1', 'host-1', seen);
    await stand.pass(300);
    await stand.put(['a']);
    await stand.pass(300);
    expect(seen).toEqual(['1 a']);
    // It is dead: it neither ends nor takes what comes back.
    dead.pause();
    gone.add('1');
    workOf('2', 'host-1', seen);
    await stand.pass(2000);
    expect(seen).toEqual(['1 a', '2 a']);
  });

  it('keeps its messages while it lives, whatever becomes of the other', async () => {
    const seen: string[] = [];
    workOf('1', 'host-1', seen);
    await stand.pass(300);
    await stand.put(['a']);
    await stand.pass(300);
    workOf('2', 'host-1', seen).pause();
    workOf('3', 'host-3', seen);
    await stand.pass(1000);
    gone.add('2');
    await stand.pass(15_000);
    expect(seen).toEqual(['1 a']);
    expect(stand.told('lost')).toEqual([]);
  });

  it('keeps its record when another work of its process ends', async () => {
    const seen: string[] = [];
    workOf('1', 'host-1', seen);
    const other = workOf('1', 'host-1', seen);
    await stand.pass(300);
    await stand.until(other[Symbol.asyncDispose]());
    expect((await stand.store.state.scan('q/~owners/')).items).toHaveLength(1);
  });

  it('is seen under its name, or as a worker', async () => {
    await stand.put(['a', 'b']);
    const seen: string[] = [];
    workOf('1', '\u20ac'.repeat(200), seen);
    await stand.pass(300);
    stand.work(() => new Promise(() => {}), { graceMs: 0 });
    await stand.pass(300);
    expect(await owners()).toEqual([
      expect.stringMatching(/^\u20ac{200}\/[0-9a-z]+$/),
      expect.stringMatching(/^worker\/[0-9a-z]+$/),
    ]);
    expect(stand.told('trouble')).toEqual([]);
  });

  it.each([
    ['Owner must have 1 to 200 characters: received 0', ''],
    ['Owner must have 1 to 200 characters: received 201', 'x'.repeat(201)],
    ['Owner must be well-formed Unicode without NUL: received "a\\u0000"', 'a\0'],
    ['Owner must be well-formed Unicode without NUL: received "\\ud800"', '\ud800'],
    ['Owner must be a string: received 5', 5],
  ])('is refused where no store would take it: %s', (message, owner) => {
    expect(() => stand.work(async () => acknowledge, { owner: owner as string })).toThrow(message);
    expect(() => stand.queues().consume('q', () => {}, { owner: owner as string })).toThrow(message);
  });
});
