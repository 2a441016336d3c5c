import { setFlagsFromString } from 'node:v8';

/** Captured before any simulation replaces them. */
const nextTick = process.nextTick.bind(process);
const enqueueMicrotask = queueMicrotask;

/** How promises go on between two events: V8's own checkpoint from a synchronous loop, or turns of Node's tick queue. */
export type Pump = 'checkpoint' | 'ticks';

let checkpoint: (() => void) | undefined;
let wasTried = false;

/**
 * The flag is on while one function is compiled. It allows the percent sign in source text and changes nothing else.
 */
function compile(): () => void {
  try {
    setFlagsFromString('--allow-natives-syntax');
    // oxlint-disable-next-line typescript/no-implied-eval -- V8 names this function by a percent sign alone
    const compiled = new Function('%PerformMicrotaskCheckpoint()') as () => void;
    compiled();
    return compiled;
  } finally {
    setFlagsFromString('--no-allow-natives-syntax');
  }
}

/** V8 forgets the code of functions that were not called for a few collections, and could not read the text again by itself. */
function lastingCheckpoint(): () => void {
  let native = compile();
  return () => {
    try {
      native();
    } catch {
      // Nothing ran: what a microtask throws does not come out here. To compile it anew performs it, too.
      native = compile();
    }
  };
}

/**
 * Runs every microtask that waits, and those that they queue. Undefined where V8 does not let us, or where this is called from
 * within a microtask, in which V8 would do nothing.
 */
export function microtaskCheckpoint(): (() => void) | undefined {
  if (!wasTried) {
    wasTried = true;
    try {
      checkpoint = lastingCheckpoint();
    } catch {
      checkpoint = undefined;
    }
  }
  if (checkpoint === undefined) return undefined;
  let ran = false;
  enqueueMicrotask(() => {
    ran = true;
  });
  checkpoint();
  return ran ? checkpoint : undefined;
}

/** What a pump drives. */
export interface Steps {
  /** Lets one event happen. False once there is nothing more to do. Must not throw. */
  step(): boolean;
}

/**
 * Calls `step` until it answers false, at most `stepsMax` times, with every microtask run after each call; then `done`.
 *
 * Node empties its tick queue before the microtasks, and looks at it again after them. So a tick that is queued by a microtask
 * runs when no microtask is left: as after a checkpoint.
 */
export function pump(kind: Pump, stepsMax: number, steps: Steps, done: () => void): void {
  const perform = kind === 'checkpoint' ? microtaskCheckpoint() : undefined;
  if (perform !== undefined) {
    let rest = stepsMax;
    while (rest-- > 0 && steps.step()) perform();
    perform();
    done();
    return;
  }
  let rest = stepsMax;
  const turn = (): void => {
    const next = rest-- > 0 && steps.step() ? turn : done;
    enqueueMicrotask(() => nextTick(next));
  };
  turn();
}
