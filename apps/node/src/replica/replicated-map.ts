import {
  type Committed,
  type LogIndex,
  logIndex,
  type StateMachine,
  type StateSnapshot,
} from '@quorate/core';
import {
  bufferOver,
  decodeCommand,
  encodeAnswer,
  encodeReply,
  type MapCommand,
  type MapEntry,
  type MapReply,
} from './map-command.ts';
import { readSnapshot, snapshotChunks } from './map-snapshot.ts';

/** What an entry costs beside its key and value. */
const entryBytes = 32;

/**
 * Keys and values in memory, as the group's log has them. Deterministic: what it answers follows from the log alone, the
 * refusal of what there is no room for as well, so all replicas must be given the same limit.
 */
export class ReplicatedMap implements StateMachine {
  readonly #bytesMax: number;
  #entries = new Map<string, MapEntry>();
  #bytes = 0;
  #applied: LogIndex = logIndex(0);

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get appliedIndex(): LogIndex {
    return this.#applied;
  }

  get keyCount(): number {
    return this.#entries.size;
  }

  apply(commands: readonly Committed[]): readonly Uint8Array[] {
    return commands.map(({ index, command }) => {
      this.#applied = index;
      return encodeReply(this.#execute(decodeCommand(command), index));
    });
  }

  query(query: Uint8Array): Uint8Array {
    return encodeAnswer(this.#entries.get(bufferOver(query).toString()));
  }

  snapshot(): StateSnapshot {
    // Entries are never changed in place, so that the list is all there is to freeze.
    const entries = [...this.#entries];
    return {
      index: this.#applied,
      chunks: () => snapshotChunks(entries),
      [Symbol.asyncDispose]: async () => {},
    };
  }

  async restore(index: LogIndex, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const entries = await readSnapshot(chunks);
    this.#bytes = 0;
    for (const [key, { value }] of entries) this.#bytes += sizeOf(key, value);
    this.#entries = entries;
    this.#applied = index;
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #execute(command: MapCommand, version: number): MapReply {
    const before = this.#entries.get(command.key);
    const freed = before === undefined ? 0 : sizeOf(command.key, before.value);
    if (command.kind === 'delete') {
      this.#entries.delete(command.key);
      this.#bytes -= freed;
      return { outcome: before === undefined ? 'absent' : 'deleted', version };
    }
    const bytes = this.#bytes - freed + sizeOf(command.key, command.value);
    if (bytes > this.#bytesMax) return { outcome: 'full', version };
    this.#bytes = bytes;
    this.#entries.set(command.key, { version, value: command.value });
    return { outcome: before === undefined ? 'created' : 'replaced', version };
  }
}

function sizeOf(key: string, value: Uint8Array): number {
  return entryBytes + Buffer.byteLength(key) + value.length;
}
