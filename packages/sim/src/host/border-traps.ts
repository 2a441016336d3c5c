/** Who hears what simulated code did. */
export interface TrapReport {
  /** Reports a use of something ambient and throws. `at` is the function above which the stack begins. */
  spring(what: string, instead: string, at: (...args: never[]) => unknown): never;
  fail(error: unknown): void;
}

const clock = 'take time from env.clock';

/** A Date that is right for given times, and throws where it would read the clock. */
export function dateTrap(original: DateConstructor, report: () => TrapReport): DateConstructor {
  const proxy: DateConstructor = new Proxy(original, {
    construct(target, args: unknown[], newTarget) {
      if (args.length === 0) report().spring('new Date()', clock, proxy as never);
      return Reflect.construct(target, args, newTarget) as object;
    },
    apply() {
      return report().spring('Date()', clock, proxy as never);
    },
  });
  return proxy;
}

/** Microtasks are simulated code's own; what one throws is the scenario's mistake and not the host's. */
export function microtaskTrap(
  original: typeof queueMicrotask,
  report: () => TrapReport,
): typeof queueMicrotask {
  return callback => {
    if (typeof callback !== 'function') original(callback);
    const heard = report();
    original(() => {
      try {
        callback();
      } catch (error) {
        heard.fail(error);
      }
    });
  };
}

/**
 * Ticks wait for the host, so simulated code must not queue them. Node's own may: a stream's, of a console that writes. A
 * listener of an `EventTarget` that throws is reported by Node in a tick; that one is taken at once.
 */
export function tickTrap(
  original: typeof process.nextTick,
  report: () => TrapReport,
): typeof process.nextTick {
  const trap = (callback: (...args: unknown[]) => void, ...args: unknown[]): void => {
    const caller = callerOf(trap);
    if (!caller.startsWith('node:'))
      report().spring('process.nextTick()', 'queueMicrotask keeps the order', trap);
    if (!caller.startsWith('node:internal/event_target')) {
      original(callback, ...args);
      return;
    }
    try {
      callback(...args);
    } catch (error) {
      report().fail(error);
    }
  };
  return trap as typeof process.nextTick;
}

/** The file that called a function, asked without a stack's text: a test runner would read source maps to make one. */
function callerOf(called: (...args: never[]) => unknown): string {
  const before = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace');
  const at: { stack?: unknown } = {};
  Error.prepareStackTrace = (_error, sites) => sites[0]?.getFileName() ?? '';
  try {
    Error.captureStackTrace(at, called);
    return String(at.stack);
  } finally {
    if (before === undefined) Reflect.deleteProperty(Error, 'prepareStackTrace');
    else Object.defineProperty(Error, 'prepareStackTrace', before);
  }
}
