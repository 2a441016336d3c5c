import type { Committed, LogIndex, StateMachine, StateSnapshot } from '@quorate/core';

/** What a {@link valueMachine} does. Pure: no clock, no chance, nothing from outside, or replicas would differ. */
export interface ValueMachineOptions<State, Command, Reply, Query, Answer> {
  /** The next state, and the reply to whoever wrote. What throws ends the replica, so refuse by a reply. */
  apply(state: State, command: Command, committed: Committed): readonly [State, Reply];
  /** Default: the whole state. */
  query?(state: State, query: Query): Answer;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
/** Snapshots are handed over in pieces of this many characters. */
const pieceLength = 0x1_0000;

/** A value as a command or a query of a {@link valueMachine}: JSON. */
export function bytesOf(value: unknown): Uint8Array {
  return encoder.encode(JSON.stringify(value ?? null));
}

/** The value in a reply or an answer of a {@link valueMachine}. @throws SyntaxError for bytes that are no JSON */
export function valueOf(bytes: Uint8Array | undefined): unknown {
  return bytes === undefined ? undefined : JSON.parse(decoder.decode(bytes));
}

/**
 * A state machine whose state is a value of JSON, in memory: for what is small, such as settings, assignments, counters. A
 * snapshot writes the whole of it at once, so beyond some megabytes write a machine of your own.
 *
 * @param initial the state before the first command; never changed by this machine
 */
export function valueMachine<State, Command = unknown, Reply = unknown, Query = unknown, Answer = unknown>(
  initial: State,
  options: ValueMachineOptions<State, Command, Reply, Query, Answer>,
): StateMachine {
  return new ValueMachine(initial, options);
}

class ValueMachine<State, Command, Reply, Query, Answer> implements StateMachine {
  appliedIndex = 0 as LogIndex;
  #state: State;
  readonly #options: ValueMachineOptions<State, Command, Reply, Query, Answer>;

  constructor(initial: State, options: ValueMachineOptions<State, Command, Reply, Query, Answer>) {
    this.#state = initial;
    this.#options = options;
  }

  apply(commands: readonly Committed[]): readonly Uint8Array[] {
    return commands.map(committed => {
      const [state, reply] = this.#options.apply(
        this.#state,
        valueOf(committed.command) as Command,
        committed,
      );
      this.#state = state;
      this.appliedIndex = committed.index;
      return bytesOf(reply);
    });
  }

  query(query: Uint8Array): Uint8Array {
    const options = this.#options;
    if (options.query === undefined) return bytesOf(this.#state);
    return bytesOf(options.query(this.#state, valueOf(query) as Query));
  }

  snapshot(): StateSnapshot {
    const frozen = JSON.stringify(this.#state ?? null);
    return {
      index: this.appliedIndex,
      async *chunks() {
        const bytes = encoder.encode(frozen);
        for (let at = 0; at < bytes.length; at += pieceLength) yield bytes.subarray(at, at + pieceLength);
      },
      async [Symbol.asyncDispose]() {},
    };
  }

  async restore(index: LogIndex, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const decoding = new TextDecoder();
    let whole = '';
    for await (const chunk of chunks) whole += decoding.decode(chunk, { stream: true });
    this.#state = JSON.parse(whole + decoding.decode()) as State;
    this.appliedIndex = index;
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
