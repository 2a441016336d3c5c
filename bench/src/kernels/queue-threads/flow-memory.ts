import type { MessagePort } from 'node:worker_threads';
import type { Piscina } from 'piscina';
import { type Struct, defineStruct } from '@quorate/threads';

/** Bytes of a message. */
export const messageBytes = 64;

/** Messages that are sent together where a contender sends many at a time. */
export const batchSize = 64;

/** What the threads of a flow share beside what they send through. */
export const Flow: Struct<{ readonly round: 'int32'; readonly done: 'int32' }> = defineStruct([
  /** The round that runs: threads wait for it to change; a negative one ends them. */
  { round: 'int32' },
  /** Threads that have finished it. */
  { done: 'int32' },
]);

/** What each consumer has summed up in a round. */
export const Sum: Struct<{ readonly sum: 'int32' }> = defineStruct({ sum: 'int32' }, { isolate: true });

/** The words of a message by its number. */
export function fill(words: Int32Array, offset: number, number: number): void {
  for (let index = 0; index < messageBytes / 4; index++) words[offset + index] = number + index;
}

/** All words of a message are read. */
export function sumOf(words: Int32Array, offset: number): number {
  let sum = 0;
  for (let index = 0; index < messageBytes / 4; index++) sum = (sum + (words[offset + index] as number)) | 0;
  return sum;
}

/** Says that a thread has finished its round. */
export function finish(done: Int32Array): void {
  Atomics.add(done, 0, 1);
  Atomics.notify(done, 0);
}

type Handed = NonNullable<Parameters<Piscina['run']>[1]>['transferList'];

/** Ports as Piscina's types have them: they take the wrong one of two signatures of Node's. */
export function handed(ports: readonly MessagePort[]): { readonly transferList: Handed } {
  return { transferList: [...ports] as unknown as Handed };
}
