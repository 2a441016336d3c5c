/** What is drained: works, consumers. */
interface Drained {
  drain(options: { readonly deadlineMs: number }): Promise<void>;
}

/** What tells a process to end and lets it do so itself. */
export type EndSignal = 'SIGTERM' | 'SIGINT' | 'SIGHUP';

export interface DrainOnSignalsOptions {
  /** Default `SIGTERM` and `SIGINT`. */
  readonly signals?: readonly EndSignal[];
  /** How long handlers may go on. Default 25,000: less than the 30 s after which most supervisors kill. */
  readonly deadlineMs?: number;
  /**
   * Ends what else there is, in this order, after the works have been drained or their time is over: the queues, then the store. Disposing
   * of queues aborts the handlers that still run.
   */
  readonly close?: readonly AsyncDisposable[];
  /** Ends the process in the end, with the code that a shell would say. Default true. */
  readonly exit?: boolean;
}

/** What shells say of a process that a signal ended: 128 and its number. */
const exitCodes: Readonly<Record<EndSignal, number>> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

/**
 * Ends the process in order when it is told to: works take no more, what runs may end, what does not is given back. A second signal
 * ends the process at once. Until the result is disposed of.
 *
 * @throws RangeError
 */
export function drainOnSignals(
  works: Iterable<Drained>,
  {
    signals = ['SIGTERM', 'SIGINT'],
    deadlineMs = 25_000,
    close = [],
    exit = true,
  }: DrainOnSignalsOptions = {},
): Disposable {
  if (!(deadlineMs >= 0))
    throw new RangeError(`Deadline in ms must be a number of at least 0: received ${deadlineMs}`);
  const all = [...works];
  const onSignal = (signal: EndSignal): void => {
    if (exit) process.exitCode = exitCodes[signal];
    forget();
    void (async () => {
      await Promise.allSettled(all.map(work => work.drain({ deadlineMs })));
      for (const each of close) await Promise.allSettled([each[Symbol.asyncDispose]()]);
      if (exit) process.exit();
    })();
  };
  const forget = (): void => {
    for (const signal of signals) process.off(signal, onSignal);
  };
  for (const signal of signals) process.on(signal, onSignal);
  return { [Symbol.dispose]: forget };
}
