/**
 * Counters in shared memory: one word that all threads add to, and striped ones with a cache line for each thread.
 *
 * @packageDocumentation
 */
export { attachSharedCounter, createSharedCounter, type SharedCounter } from './shared-counter.ts';
export {
  attachStripedCounter,
  createStripedCounter,
  type StripedCounter,
  type StripedCounterOptions,
} from './striped-counter.ts';
