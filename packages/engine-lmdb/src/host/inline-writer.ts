import { isLazy, workOf } from '../queue/queue-request.ts';
import type { DatabaseWriter } from './database-writer.ts';
import { FairTurn } from './fair-turn.ts';
import { LockWord } from './lock-word.ts';
import type { LogGap, QueueLog } from './queue-log.ts';
import type { WriterAnswer, WriterBatch } from './writer-protocol.ts';

/** How much work of queues is not too much for the thread that asks: some tenths of a millisecond. */
const workMax = 16;

/** What was committed. */
export interface InlineAnswer extends WriterAnswer {
  /** What the results of all that is not lazy wait for: a log's sync, and what it failed for. Absent where nothing does. */
  readonly durable?: Promise<LogGap | undefined>;
}

/**
 * Commits in the thread that asks, which saves the way to the writer's thread and back: several times as much as the commit takes.
 * It never waits for LMDB's write lock: whoever holds it may be a process that is stopped.
 */
export class InlineWriter implements Disposable {
  readonly #writer: DatabaseWriter;
  readonly #log: QueueLog | undefined;
  readonly #lock: LockWord;
  readonly #fair = new FairTurn();

  /**
   * @param log what makes durable what is committed, which waits for no disk
   * @returns undefined where the lock cannot be looked at
   */
  static open(
    folder: string,
    hold: (run: () => void) => void,
    writer: DatabaseWriter,
    log?: QueueLog,
  ): InlineWriter | undefined {
    const lock = LockWord.find(folder, hold);
    return lock === undefined ? undefined : new InlineWriter(lock, writer, log);
  }

  private constructor(lock: LockWord, writer: DatabaseWriter, log: QueueLog | undefined) {
    this.#lock = lock;
    this.#writer = writer;
    this.#log = log;
  }

  /** What the next batch waits for first, so that others get their turn; mostly nothing. */
  turn(): Promise<void> | undefined {
    return this.#fair.turn();
  }

  /** The answer; or that somebody else writes, or that this is to be left to the writer's thread. */
  run(batch: WriterBatch): InlineAnswer | 'taken' | 'left' {
    if (workOfQueues(batch) > workMax) return 'left';
    if (!this.#lock.isFree()) return 'taken';
    if (this.#log === undefined) return this.#writer.run(batch);
    const answer = this.#writer.commit(batch);
    if (answer === undefined) return 'left';
    return batch.every(isLazy) ? answer : { ...answer, durable: this.#log.synced() };
  }

  /** Says that a file of the log may have a gap, which was found elsewhere. */
  suspect({ number, thrown }: LogGap): void {
    this.#log?.suspect(number, thrown);
  }

  [Symbol.dispose](): void {
    this.#log?.[Symbol.dispose]();
  }
}

function workOfQueues(batch: WriterBatch): number {
  return batch.reduce((sum, request) => sum + (request.type === 'queue' ? workOf(request) : 0), 0);
}
