import { errorCode, invariant, QuorateError } from '@quorate/core';
import { ABORT } from 'lmdb';
import { translated } from '../store-failure.ts';
import { KnownState } from '../known-state.ts';
import type { StoreRequest, Wake } from '../store-request.ts';
import { StoreRoot } from '../store-root.ts';
import { StoreTransaction, type TransactionOptions } from '../store-transaction.ts';
import { LmdbBytes, type LmdbDatabase } from './lmdb-bytes.ts';
import { toWire } from './wire-failure.ts';
import { CellDamage, recordCorrupt } from '../queue/queue-record.ts';
import { KnownListeners } from '../queue/listener-table.ts';
import type { QueueTokens } from './queue-tokens.ts';
import type { WriterAnswer, WriterBatch, WriterEarly, WriterResult } from './writer-protocol.ts';

/** How leases are answered before they are on disk. */
export interface EarlyAnswers {
  readonly tokens: QueueTokens;
  readonly tell: (early: WriterEarly) => void;
}

/** Carries batches of requests out, each in one transaction that is durable when it returns. */
export class DatabaseWriter {
  readonly #database: LmdbDatabase;
  readonly #bytes: LmdbBytes;
  readonly #options: TransactionOptions;
  readonly #known = new KnownState();
  readonly #knownListeners = new KnownListeners();
  readonly #early: EarlyAnswers | undefined;

  constructor(database: LmdbDatabase, options: TransactionOptions, early?: EarlyAnswers) {
    this.#early = early;
    this.#database = database;
    this.#bytes = new LmdbBytes(database);
    this.#options = { ...options, known: this.#known, knownListeners: this.#knownListeners };
  }

  /** Never throws: each request has a result of its own. Blocks while another process writes. */
  run(batch: WriterBatch): WriterAnswer {
    const together = this.#commitSound(batch);
    if ('results' in together) return together;
    const { failed, answered } = together;
    const isUnknown = failed instanceof QuorateError && failed.outcome === 'unknown';
    if (isUnknown || batch.length === 1) {
      return { results: batch.map(() => ({ thrown: toWire(failed) })), wakes: [] };
    }
    // What has no room, say, must not keep the others from being carried out. Nothing of the batch took effect.
    const results: WriterResult[] = [];
    const wakes: Wake[] = [];
    for (const [place, request] of batch.entries()) {
      if (answered.has(place)) {
        // Its holder was told, and will hear that it lost what it holds: nothing of the lease was written.
        results.push({ value: undefined });
        continue;
      }
      const alone = this.run([request]);
      results.push(...alone.results);
      wakes.push(...alone.wakes);
    }
    return { results, wakes };
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
    let answered: ReadonlySet<number> = new Set();
    try {
      return this.#database.transactionSync(() => {
        const before = StoreRoot.read(this.#bytes);
        invariant(before !== undefined, 'a database that was opened has a root');
        const root = before.copy();
        if (this.#early !== undefined) root.revision = Math.max(root.revision, this.#early.tokens.last());
        const transaction = new StoreTransaction(this.#bytes, root, this.#options);
        const results = batch.map(request => runOne(transaction, request));
        transaction.finish();
        if (!root.equals(before)) root.write(this.#bytes);
        transactionId = this.#database.getWriteTxnId();
        const { wakes } = transaction;
        const early = this.#early && answerEarly(this.#early, batch, { results, wakes }, root.revision);
        if (early === undefined) return { results, wakes };
        answered = early;
        return { results, wakes: wakes.filter(([, topic]) => !topic.startsWith('Q')) };
      });
    } catch (thrown) {
      this.#known.forget();
      this.#knownListeners.forget();
      if (thrown instanceof CellDamage) return { failed: thrown, answered };
      const isUnknown = transactionId !== undefined && !this.#wasTakenBack(transactionId);
      return { failed: translated(thrown, isUnknown), answered };
    }
  }

  /** Whether a transaction certainly was not committed: then the next has its number. */
  #wasTakenBack(transactionId: number): boolean {
    let next: number | undefined;
    try {
      this.#database.transactionSync(() => {
        next = this.#database.getWriteTxnId();
        return ABORT;
      });
    } catch {
      return false;
    }
    return next === transactionId;
  }
}

/** Nothing of a batch was written, but for what was answered nobody needs to know. */
interface Failed {
  readonly failed: unknown;
  /** The places of the leases that were answered early. */
  readonly answered: ReadonlySet<number>;
}

/** How often a batch is tried again after damage. */
const repairsMax = 16;

/** Answers a batch's leases, and wakes those who wait for messages, before it is on disk. @returns which were answered */
function answerEarly(
  { tokens, tell }: EarlyAnswers,
  batch: WriterBatch,
  { results, wakes }: WriterAnswer,
  revision: number,
): ReadonlySet<number> | undefined {
  const early: [number, WriterResult][] = [];
  for (const [place, request] of batch.entries()) {
    const result = results[place] as WriterResult;
    if (request.type === 'queue' && request.step.do === 'lease' && 'value' in result)
      early.push([place, result]);
  }
  const ready = wakes.filter(([, topic]) => topic.startsWith('Q'));
  if (early.length + ready.length === 0) return undefined;
  try {
    if (early.length > 0) tokens.give(revision);
  } catch {
    // They are answered when they are on disk.
    return undefined;
  }
  tell({ early, wakes: ready });
  return new Set(early.map(([place]) => place));
}

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
