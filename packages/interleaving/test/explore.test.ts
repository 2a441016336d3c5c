import { describe, expect, test } from 'vitest';
import {
  beforehand,
  exploreAll,
  type Model,
  ModelFailure,
  must,
  type Program,
  walk,
  walkMany,
} from '../src/index.ts';

/** A memory of so many words. */
function words(count = 4): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(4 * count));
}

function model(
  memory: Int32Array<SharedArrayBuffer>,
  programs: readonly Program[],
  more: Partial<Model> = {},
): Model {
  return { memory: memory.buffer, programs, ...more };
}

/** Adds one to the first word, in a step or in two. */
function adder(memory: Int32Array, name: string, inOneStep: boolean): Program {
  const run = (): void => {
    if (inOneStep) Atomics.add(memory, 0, 1);
    else Atomics.store(memory, 0, Atomics.load(memory, 0) + 1);
  };
  return { name, run };
}

function failureOf(body: () => unknown): ModelFailure {
  try {
    body();
  } catch (thrown) {
    if (thrown instanceof ModelFailure) return thrown;
    throw thrown;
  }
  throw new Error('Nothing was found');
}

describe('orders', () => {
  const bothCount = (now: Int32Array): void => must(now[0] === 2, `Counted ${now[0]}`);

  test('two that add in one step each are right in every order', () => {
    const memory = words();
    const programs = ['a', 'b'].map(name => adder(memory, name, true));
    // Nobody has begun, one of them is done, or both.
    expect(exploreAll(model(memory, programs, { atEnd: bothCount }))).toEqual({ states: 4, ends: 1 });
    expect(memory[0]).toBe(0);
  });

  test('two that add in two steps lose one, and it is told after which steps', () => {
    const memory = words();
    const programs = ['a', 'b'].map(name => adder(memory, name, false));
    const made = model(memory, programs, { atEnd: bothCount });
    const { message, schedule } = failureOf(() => exploreAll(made));
    expect(message).toMatch(/^Wrong at the end: Counted 1\nafter: (a b|b a)/);
    const again = (): number => walk(made, (_, step) => schedule[step] as (typeof schedule)[number]);
    expect(failureOf(again).message).toBe(message);
    expect(() => walkMany(made, 'adders', 50)).toThrow('Counted 1');
  });

  test('without an interruption nothing of it is seen, with one it is', () => {
    const memory = words();
    const programs = ['a', 'b'].map(name => adder(memory, name, false));
    const made = model(memory, programs, { atEnd: bothCount });
    expect(exploreAll(made, { preemptions: 0 }).ends).toBeGreaterThan(0);
    expect(() => exploreAll(made, { preemptions: 1 })).toThrow('Counted 1');
  });

  test.each([
    ['sub', (memory: Int32Array) => Atomics.sub(memory, 0, -1)],
    ['exchange', (memory: Int32Array) => Atomics.exchange(memory, 0, 1)],
    ['and', (memory: Int32Array) => Atomics.and(memory, 0, 1)],
    ['or', (memory: Int32Array) => Atomics.or(memory, 0, 1)],
    ['xor', (memory: Int32Array) => Atomics.xor(memory, 0, 1)],
    ['compareExchange', (memory: Int32Array) => Atomics.compareExchange(memory, 0, 0, 1)],
  ])('%s is a step', (_, operate) => {
    const memory = words();
    const looks: Program = { name: 'looks', run: () => void Atomics.load(memory, 0) };
    const program: Program = {
      name: 'program',
      run() {
        Atomics.load(memory, 1);
        operate(memory);
      },
    };
    expect(walk(model(memory, [program, looks]), choices => choices[0] as (typeof choices)[number])).toBe(3);
  });

  test('words that are ignored, and what was done beforehand, are no steps', () => {
    const memory = words();
    const program: Program = {
      name: 'a',
      run() {
        const first = beforehand(() => Atomics.load(memory, 0));
        must(first === 0, 'The memory was another beforehand');
        Atomics.add(memory, 1, 1);
        Atomics.add(memory, 0, 1);
        Atomics.load(memory, 0);
      },
    };
    const made = model(memory, [program], { ignored: index => index === 1 });
    expect(exploreAll(made)).toEqual({ states: 3, ends: 1 });
  });

  test('what has more states than it may is not passed', () => {
    const memory = words();
    const made = model(memory, [adder(memory, 'a', false)]);
    expect(() => exploreAll(made, { statesMax: 2 })).toThrow(RangeError);
    expect(() => walk(made, ([choice]) => choice as NonNullable<typeof choice>, 1)).toThrow(
      'No end within 1',
    );
  });

  test('`Atomics` are as they were afterwards', () => {
    const { add, wait } = Atomics;
    const memory = words();
    exploreAll(model(memory, [adder(memory, 'a', true)]));
    failureOf(() => exploreAll(model(memory, [{ name: 'a', run: () => must(false, 'fails') }])));
    expect(Atomics.add).toBe(add);
    expect(Atomics.wait).toBe(wait);
  });
});

describe('sleep', () => {
  /** Waits for the first word to be set. */
  function sleeper(memory: Int32Array, deadlineMs?: number): Program {
    return {
      name: 'sleeper',
      run() {
        while (Atomics.load(memory, 0) === 0)
          if (Atomics.wait(memory, 0, 0, deadlineMs) === 'timed-out') return;
      },
    };
  }

  function waker(memory: Int32Array, inOrder: boolean): Program {
    return {
      name: 'waker',
      run() {
        if (!inOrder) Atomics.notify(memory, 0);
        Atomics.store(memory, 0, 1);
        if (inOrder) Atomics.notify(memory, 0);
      },
    };
  }

  test('who is woken after the word was set goes on', () => {
    const memory = words();
    expect(exploreAll(model(memory, [sleeper(memory), waker(memory, true)])).ends).toBeGreaterThan(0);
  });

  test('who is woken before the word was set may sleep for ever, unless it gives up or may', () => {
    const memory = words();
    const wrong = waker(memory, false);
    expect(() => exploreAll(model(memory, [sleeper(memory), wrong]))).toThrow('"sleeper" sleeps for ever');
    expect(exploreAll(model(memory, [sleeper(memory, 5), wrong])).ends).toBeGreaterThan(0);
    const lenient = model(memory, [sleeper(memory), wrong], { maySleep: () => true });
    expect(exploreAll(lenient).ends).toBeGreaterThan(0);
  });

  test('a notification says how many it woke, in the order in which they went to sleep', () => {
    const memory = words();
    const counts = new Set<number>();
    const notifier: Program = {
      name: 'notifier',
      run() {
        Atomics.store(memory, 0, 1);
        const count = Atomics.notify(memory, 0, 1);
        Atomics.load(memory, 1);
        counts.add(count);
      },
    };
    const made = model(memory, [sleeper(memory), sleeper(memory), notifier], { maySleep: () => true });
    exploreAll(made);
    expect(counts).toEqual(new Set([0, 1]));
  });
});

describe('deaths', () => {
  test('it is killed at any step, once, and whoever comes after the dead sees what they left', () => {
    const memory = words();
    const seen = new Set<number | undefined>();
    const mortal: Program = {
      name: 'mortal',
      mortal: true,
      run() {
        Atomics.store(memory, 0, 1);
        Atomics.store(memory, 0, 2);
      },
    };
    const heir: Program = { name: 'heir', afterDeaths: 1, run: () => void Atomics.add(memory, 0, 10) };
    const made = model(memory, [mortal, heir], {
      kills: 1,
      onKill: (program, now) => void (now[1] = program + 1),
      atEnd: (now, dead) => {
        must(dead[0] === (now[1] === 1), 'The death is not noted');
        seen.add(now[0]);
      },
    });
    exploreAll(made);
    // The heir came after each of its steps but the last, after which nobody dies.
    expect(seen).toEqual(new Set([10, 11, 2]));
  });

  test('phases are steps of one thread, and what was read in one is forgotten in the next', () => {
    const memory = words();
    const program: Program = {
      name: 'a',
      phases: 3,
      run: phase => must(Atomics.add(memory, 0, 1) === phase, 'A phase was left out'),
    };
    expect(walk(model(memory, [program]), ([choice]) => choice as NonNullable<typeof choice>)).toBe(3);
  });
});
