/**
 * Queues between threads, in memory that they share: many to many with leases, one to many stages in a fixed order.
 *
 * @packageDocumentation
 */
export type { Lease } from './lease.ts';
export type { MessageSlot } from './message-slot.ts';
export type { ThreadQueueReport } from './queue-report.ts';
export type { PlaceOptions, RingPlace, RingSize } from './ring-place.ts';
export type { Seat } from './seat.ts';
export type { ReadOptions, StreamConsumer } from './stream-consumer.ts';
export type { Stages } from './stream-place.ts';
export type { StreamProducer } from './stream-producer.ts';
export { type ReadMessage, ThreadQueue, type ThreadQueueOptions, type WriteMessage } from './thread-queue.ts';
export {
  type StageReport,
  ThreadStream,
  type ThreadStreamOptions,
  type ThreadStreamReport,
} from './thread-stream.ts';
