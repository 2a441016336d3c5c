import { errorCode, invariant, QuorateError } from '@quorate/core';
import { ABORT } from 'lmdb';
import { notDurable, translated } from '../store-failure.ts';
import { KnownState } from '../known-state.ts';
import type { StoreRequest, Wake } from '../store-request.ts';
import { StoreRoot } from '../store-root.ts';
import { StoreTransaction, type TransactionOptions } from '../store-transaction.ts';
import { LmdbBytes, type LmdbDatabase } from './lmdb-bytes.ts';
import { toWire } from './wire-failure.ts';
import { CellDamage, recordCorrupt } from '../queue/queue-record.ts';
import { KnownListeners } from '../queue/listener-table.ts';
import { LoggedBytes } from './logged-bytes.ts';
import type { FileRoom } from './file-room.ts';
import type { QueueLog } from './queue-log.ts';
import { isGrowth } from '../request-growth.ts';
import { isLazy } from '../queue/queue-request.ts';
import type { WriterAnswer, WriterBatch, WriterEarly, WriterResult } from './writer-protocol.ts';

/** How a database is durable that is not synced itself. */
export interface LoggedCommits {
  readonly log: QueueLog;
  /** Told of what need not be durable as soon as it is committed. */
  readonly tell: (batch: WriterBatch, early: WriterEarly) => void;
}

/** Carries batches of requests out, each in one transaction that is durable when it returns. */
export class DatabaseWriter {
  readonly #database: LmdbDatabase;
  readonly #bytes: LmdbBytes;
  readonly #options: TransactionOptions;
  readonly #known = new KnownState();
  readonly #knownListeners = new KnownListeners();
  readonly #logged: LoggedCommits | undefined;
  readonly #written: LoggedBytes;
  readonly #room: FileRoom;

  constructor(database: LmdbDatabase, room: FileRoom, options: TransactionOptions, logged?: LoggedCommits) {
    this.#room = room;
    this.#logged = logged;
    this.#database = database;
    this.#bytes = new LmdbBytes(database);
    this.#written = new LoggedBytes(this.#bytes);
    this.#options = { ...options, known: this.#known, knownListeners: this.#knownListeners };
  }

  /** Never throws: each request has a result of its own. Blocks while another process writes. */
  run(batch: WriterBatch): WriterAnswer {
    const together = this.#commitSound(batch);
    if ('results' in together) return this.#logged === undefined ? together : this.#durable(batch, together);
    const { failed } = together;
    const isUnknown = failed instanceof QuorateError && failed.outcome === 'unknown';
    if (isUnknown || batch.length === 1) {
      return { results: batch.map(() => ({ thrown: toWire(failed) })), wakes: [] };
    }
    // What has no room, say, must not keep the others from being carried out. Nothing of the batch took effect.
    const results: WriterResult[] = [];
    const wakes: Wake[] = [];
    let checkpoint: number | undefined;
    for (const request of batch) {
      const alone = this.run([request]);
      results.push(...alone.results);
      wakes.push(...alone.wakes);
      checkpoint = alone.checkpoint ?? checkpoint;
    }
    return checkpoint === undefined ? { results, wakes } : { results, wakes, checkpoint };
  }

  /**
   * Only commits, where that waits for nothing but another writer: what is to be durable is not yet. Never throws.
   *
   * @returns undefined where nothing took effect and `run` is to do it, in a thread that may wait
   */
  commit(batch: WriterBatch): WriterAnswer | undefined {
    const together = this.#commit(batch);
    if ('results' in together) return together;
    const { failed } = together;
    if (!(failed instanceof QuorateError) || failed.outcome !== 'unknown') return undefined;
    return { results: batch.map(() => ({ thrown: toWire(failed) })), wakes: [] };
  }

  /** Puts what may be missing from a file of the log in order, of which a sync has failed elsewhere. Never throws. */
  mend(number: number): void {
    if (this.#logged === undefined) return;
    const { log } = this.#logged;
    log.suspect(number);
    // Once more, for the own descriptor was open and hears of the same failure when that file is ended. What is in order stays as it is.
    for (let tries = 0; tries < 2; tries++) this.#mend(log);
  }

  /** Commits a batch; what damage it meets is put in order first. */
  #commitSound(batch: WriterBatch): WriterAnswer | Failed {
    for (let repairs = 0; ; repairs++) {
      const result = this.#commit(batch);
      if ('results' in result || !(result.failed instanceof CellDamage)) return result;
      const { cell } = result.failed;
      const step = { do: 'repair', cell } as const;
      const repaired = this.#commit([{ type: 'queue', step, maxBytes: Number.POSITIVE_INFINITY }]);
      if ('results' in repaired && repairs < repairsMax) continue;
      return { ...result, failed: recordCorrupt('A record of a queue') };
    }
  }

  #commit(batch: WriterBatch): WriterAnswer | Failed {
    let transactionId: number | undefined;
    try {
      return this.#database.transactionSync(() => {
        this.#bytes.begin();
        const before = StoreRoot.read(this.#bytes);
        invariant(before !== undefined, 'a database that was opened has a root');
        const root = before.copy();
        const bytes = this.#logged === undefined ? this.#bytes : this.#written;
        this.#written.begin();
        const transaction = new StoreTransaction(bytes, root, this.#options);
        const results = batch.map(request => runOne(transaction, request));
        transaction.finish();
        if (!root.equals(before)) root.write(bytes);
        this.#room.ensure(this.#bytes.written, this.#database.getWriteTxnId(), batch.some(isGrowth));
        const checkpoint = this.#logged?.log.append(this.#bytes, this.#written);
        transactionId = this.#database.getWriteTxnId();
        const { wakes } = transaction;
        return checkpoint === undefined ? { results, wakes } : { results, wakes, checkpoint };
      });
    } catch (thrown) {
      this.#known.forget();
      this.#knownListeners.forget();
      this.#room.forget();
      if (thrown instanceof CellDamage) return { failed: thrown };
      const isUnknown = transactionId !== undefined && !this.#wasTakenBack(transactionId);
      return { failed: translated(thrown, isUnknown) };
    }
  }

  /** Makes a batch that was committed durable, and tells of what need not be at once. */
  #durable(batch: WriterBatch, answer: WriterAnswer): WriterAnswer {
    const { log, tell } = this.#logged as LoggedCommits;
    const early: [number, WriterResult][] = [];
    for (const [place, request] of batch.entries()) {
      if (isLazy(request)) early.push([place, answer.results[place] as WriterResult]);
    }
    if (early.length === batch.length) return answer;
    const { wakes, ...rest } = answer;
    if (early.length + wakes.length > 0) tell(batch, { early, wakes });
    const results = [...answer.results];
    for (const [place] of early) results[place] = told;
    try {
      log.sync();
      return { ...rest, results, wakes: [] };
    } catch (thrown) {
      this.#mend(log);
      const failed = { thrown: toWire(notDurable(thrown)) };
      return { results: batch.map(() => failed), wakes: [] };
    }
  }

  /** At once, before somebody opens the log who hears nothing of the failure. What fails now is done before the next is appended. */
  #mend(log: QueueLog): void {
    try {
      this.#database.transactionSync(() => log.mend(this.#bytes));
    } catch {
      // The next that is appended says it.
    }
  }

  /** Whether a transaction certainly was not committed, and never will be: then the next has its number, and the log has no word of it. */
  #wasTakenBack(transactionId: number): boolean {
    let next: number | undefined;
    try {
      this.#database.transactionSync(() => {
        next = this.#database.getWriteTxnId();
        this.#logged?.log.cut(this.#bytes);
        return ABORT;
      });
    } catch {
      return false;
    }
    return next === transactionId;
  }
}

/** Nothing of a batch was written, or nobody knows. */
interface Failed {
  readonly failed: unknown;
}

/** How often a batch is tried again after damage. */
const repairsMax = 16;

/** The result of what was told already. */
const told: WriterResult = { value: undefined };

/** What a step refuses is its result; what LMDB throws ends the transaction. */
function runOne(transaction: StoreTransaction, request: StoreRequest): WriterResult {
  try {
    return { value: transaction.run(request) };
  } catch (thrown) {
    // Damage may have been met half way.
    if (translated(thrown, false) !== thrown || errorCode(thrown) === 'RECORD_CORRUPT') throw thrown;
    return { thrown: toWire(thrown) };
  }
}
