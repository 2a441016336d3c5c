import type { DatabaseWriter } from './database-writer.ts';
import { FairTurn } from './fair-turn.ts';
import { LockWord } from './lock-word.ts';
import type { WriterAnswer, WriterBatch } from './writer-protocol.ts';

/**
 * Commits in the thread that asks, which saves the way to the writer's thread and back: several times as much as the commit takes.
 * While LMDB's write lock is seen in the hand of a thread that is stopped, it leaves its batches to the writer.
 */
export class InlineWriter implements Disposable {
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

  /** The answer; undefined where the lock would not be had soon. */
  run(batch: WriterBatch): WriterAnswer | undefined {
    return this.#lock.isFreeSoon() ? this.#writer.run(batch) : undefined;
  }

  [Symbol.dispose](): void {
    this.#lock[Symbol.dispose]();
  }
}
