import type { DatabaseWriter } from './database-writer.ts';
import { FairTurn } from './fair-turn.ts';
import { LockWord } from './lock-word.ts';
import type { WriterAnswer, WriterBatch } from './writer-protocol.ts';

/**
 * Commits in the thread that asks, which saves the way to the writer's thread and back: several times as much as the commit takes.
 * It never waits for LMDB's write lock: whoever holds it may be a process that is stopped.
 */
export class InlineWriter {
  readonly #writer: DatabaseWriter;
  readonly #lock: LockWord;
  readonly #fair = new FairTurn();

  /** Undefined where the lock cannot be looked at. */
  static open(
    folder: string,
    writer: DatabaseWriter,
    hold: (run: () => void) => void,
  ): InlineWriter | undefined {
    const lock = LockWord.find(folder, hold);
    return lock === undefined ? undefined : new InlineWriter(writer, lock);
  }

  private constructor(writer: DatabaseWriter, lock: LockWord) {
    this.#writer = writer;
    this.#lock = lock;
  }

  /** What the next batch waits for first, so that others get their turn; mostly nothing. */
  turn(): Promise<void> | undefined {
    return this.#fair.turn();
  }

  /** The answer; undefined while somebody else writes. */
  run(batch: WriterBatch): WriterAnswer | undefined {
    return this.#lock.isFree() ? this.#writer.run(batch) : undefined;
  }
}
