/**
 * Counters that count once: exactly-once adds, sharded and CRDT counters, sequences and time-ordered ids.
 *
 * @packageDocumentation
 */
export { counterNameMaxBytes } from './counter-name.ts';
export type { CountersOptions } from './counter-options.ts';
export type { Added, Counter, CounterSettings, ShardedCounter, ShardSettings } from './counter.ts';
export { type Counters, createCounters, shardsMax } from './create-counters.ts';
export { expiringMax } from './entry-maker.ts';
export {
  type CounterHandler,
  type CounterHandlerOptions,
  createCounterHandler,
} from './http/counter-handler.ts';
export {
  type CounterClient,
  type CounterClientOptions,
  createCounterClient,
  type RemoteAddOptions,
} from './http/counter-client.ts';
export { type IncomingRequest, nodeListener, type OutgoingResponse } from '@quorate/core';
export type { IdGenerator, IdOptions } from './ids/id-generator.ts';
export { idOfText, IdLayout, type IdLayoutOptions, type IdParts, idText } from './ids/id-layout.ts';
export type { KeyedAdd } from './keyed-plan.ts';
export { createPnCounter } from './pn/create-pn-counter.ts';
export type { PnCounter, PnCounterOptions, PnDigest, PruneResult } from './pn/pn-counter.ts';
export type { Sequence, SequenceSettings } from './sequence.ts';
