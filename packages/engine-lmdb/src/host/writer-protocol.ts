import type { MessagePort } from 'node:worker_threads';
import type { StoreRequest, Wake } from '../store-request.ts';
import type { DatabaseOptions } from './open-database.ts';
import type { PackedBatch, PackedResults } from './packed-batch.ts';

/** What the writer's thread is started with. */
export interface WriterOrder extends DatabaseOptions {
  readonly port: MessagePort;
  /** Counts batches that were sent, for to wait on it is the fastest way to be woken; the second word says whether it commits. */
  readonly bell: SharedArrayBuffer;
  /** The store's own folder, in which `folder` lies. */
  readonly parent: string;
  /** The thread that asks. */
  readonly host: string;
  readonly maxBytes: number;
  /** The folder of the log that makes the database durable, which itself is not synced then. */
  readonly log: string | undefined;
}

/** What a writer's thread is sent: a batch; to put in order what may be missing from a file of the log; to close. */
export type WriterMessage = PackedBatch | { readonly suspect: number } | 'close';

/** Requests to be committed together. */
export type WriterBatch = readonly StoreRequest[];

/** Sent once, when the database is open or could not be opened. */
export interface WriterOpened {
  readonly opened: WireFailure | undefined;
}

/** What became of one request: its result, or what it threw. */
export type WriterResult = { readonly value: unknown } | { readonly thrown: WireFailure };

/** Sent when a batch is committed, before it is on disk: the results that need not be, and whom to wake. */
export interface WriterEarly {
  readonly early: readonly (readonly [place: number, result: WriterResult])[];
  readonly wakes: readonly Wake[];
}

/** The answer to a batch, in its order. Of what was told early there is no result in it. */
export interface WriterAnswer {
  readonly results: readonly WriterResult[];
  readonly wakes: readonly Wake[];
  /** The number of a checkpoint of the log that is due. */
  readonly checkpoint?: number;
}

/** {@link WriterEarly} on its way between threads. */
export interface PackedEarly {
  readonly places: readonly number[];
  readonly early: PackedResults;
  readonly wakes: readonly Wake[];
}

/** {@link WriterAnswer} on its way between threads. */
export interface PackedAnswer extends Omit<WriterAnswer, 'results'> {
  readonly results: PackedResults;
  /** The file of the log that may have a gap, where none could be put in order yet. */
  readonly suspected: number | undefined;
}

/** An error on its way between threads, which drop the class and the fields of errors. */
export interface WireFailure {
  readonly name: string;
  readonly message: string;
  readonly code: string | undefined;
  readonly retryable: boolean;
  readonly outcome: 'applied' | 'not-applied' | 'unknown';
  readonly cause: string | undefined;
}
