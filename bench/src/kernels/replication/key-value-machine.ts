import {
  type Committed,
  type LogIndex,
  logIndex,
  type StateMachine,
  type StateSnapshot,
} from '@quorate/core';

const empty = new Uint8Array(0);

/** A command that sets a key, as {@link KeyValueMachine} reads it. */
export function setCommand(key: string, value: Uint8Array): Uint8Array {
  const bytes = Buffer.from(key);
  return Buffer.concat([Uint8Array.of(bytes.length), bytes, value]);
}

/** Keys and values in memory. A query is a key, the answer its value, empty where there is none. */
export class KeyValueMachine implements StateMachine {
  #applied: LogIndex = logIndex(0);
  #values = new Map<string, Uint8Array>();

  get appliedIndex(): LogIndex {
    return this.#applied;
  }

  apply(commands: readonly Committed[]): readonly Uint8Array[] {
    return commands.map(({ index, command }) => {
      this.#applied = index;
      const bytes = Buffer.from(command.buffer, command.byteOffset, command.length);
      const valueAt = 1 + (bytes[0] ?? 0);
      // A copy, in a buffer that many share: one of its own costs more than all else here.
      this.#values.set(bytes.toString('latin1', 1, valueAt), Buffer.from(bytes.subarray(valueAt)));
      return empty;
    });
  }

  query(query: Uint8Array): Uint8Array {
    const key = Buffer.from(query.buffer, query.byteOffset, query.length).toString('latin1');
    return this.#values.get(key) ?? empty;
  }

  snapshot(): StateSnapshot {
    const entries = [...this.#values];
    return {
      index: this.#applied,
      chunks: async function* () {
        for (const [key, value] of entries) {
          const command = setCommand(key, value);
          const length = new Uint8Array(4);
          new DataView(length.buffer).setUint32(0, command.length);
          yield Buffer.concat([length, command]);
        }
      },
      [Symbol.asyncDispose]: async () => {},
    };
  }

  async restore(index: LogIndex, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const values = new Map<string, Uint8Array>();
    let rest: Buffer = Buffer.alloc(0);
    for await (const chunk of chunks) {
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE(0)) {
        const command = rest.subarray(4, 4 + rest.readUInt32BE(0));
        const keyBytes = command[0] ?? 0;
        values.set(
          command.toString('latin1', 1, 1 + keyBytes),
          new Uint8Array(command.subarray(1 + keyBytes)),
        );
        rest = rest.subarray(4 + command.length);
      }
    }
    this.#values = values;
    this.#applied = index;
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
