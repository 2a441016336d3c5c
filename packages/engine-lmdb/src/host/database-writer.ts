import { invariant, QuorateError } from '@quorate/core';
import { ABORT } from 'lmdb';
import { translated } from '../store-failure.ts';
import { KnownState } from '../known-state.ts';
import type { StoreRequest, Wake } from '../store-request.ts';
import { StoreRoot } from '../store-root.ts';
import { StoreTransaction, type TransactionOptions } from '../store-transaction.ts';
import { LmdbBytes, type LmdbDatabase } from './lmdb-bytes.ts';
import { toWire } from './wire-failure.ts';
import type { WriterAnswer, WriterBatch, WriterResult } from './writer-protocol.ts';

/** Carries batches of requests out, each in one transaction that is durable when it returns. */
export class DatabaseWriter {
  readonly #database: LmdbDatabase;
  readonly #bytes: LmdbBytes;
  readonly #options: TransactionOptions;
  readonly #known = new KnownState();

  constructor(database: LmdbDatabase, options: TransactionOptions) {
    this.#database = database;
    this.#bytes = new LmdbBytes(database);
    this.#options = { ...options, known: this.#known };
  }

  /** Never throws: each request has a result of its own. Blocks while another process writes. */
  run(batch: WriterBatch): WriterAnswer {
    const together = this.#commit(batch);
    if ('results' in together) return together;
    const { failed } = together;
    const isUnknown = failed instanceof QuorateError && failed.outcome === 'unknown';
    if (isUnknown || batch.length === 1) {
      return { results: batch.map(() => ({ thrown: toWire(failed) })), wakes: [] };
    }
    // What has no room, say, must not keep the others from being carried out. Nothing of the batch took effect.
    const results: WriterResult[] = [];
    const wakes: Wake[] = [];
    for (const request of batch) {
      const alone = this.run([request]);
      results.push(...alone.results);
      wakes.push(...alone.wakes);
    }
    return { results, wakes };
  }

  #commit(batch: WriterBatch): WriterAnswer | { readonly failed: unknown } {
    let transactionId: number | undefined;
    try {
      return this.#database.transactionSync(() => {
        const before = StoreRoot.read(this.#bytes);
        invariant(before !== undefined, 'a database that was opened has a root');
        const root = before.copy();
        const transaction = new StoreTransaction(this.#bytes, root, this.#options);
        const results = batch.map(request => runOne(transaction, request));
        transaction.finish();
        if (!root.equals(before)) root.write(this.#bytes);
        transactionId = this.#database.getWriteTxnId();
        return { results, wakes: transaction.wakes };
      });
    } catch (thrown) {
      this.#known.forget();
      return {
        failed: translated(thrown, transactionId !== undefined && !this.#wasTakenBack(transactionId)),
      };
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

/** What a step refuses is its result; what LMDB throws ends the transaction. */
function runOne(transaction: StoreTransaction, request: StoreRequest): WriterResult {
  try {
    return { value: transaction.run(request) };
  } catch (thrown) {
    if (translated(thrown, false) !== thrown) throw thrown;
    return { thrown: toWire(thrown) };
  }
}
