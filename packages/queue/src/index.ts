/**
 * Messages and tasks with one stated contract on every engine of the QueueStore seam.
 *
 * @packageDocumentation
 */
export type { BatchConsumeOptions, Queues } from './create-queues.ts';
export { createQueues } from './host/create-queues.ts';
export { createTasks } from './host/create-tasks.ts';
export { systemProcesses } from './host/system-processes.ts';
export type { Processes } from './neighbours/processes.ts';
export type { DeadCause } from './dead-letters/cause.ts';
export type { DeadLetter, DeadLetters, RedriveOptions } from './dead-letters/dead-letters.ts';
export { leaseKeeper, type LeaseKeeperOptions, type ThreadLeaseKeeper } from './keeper/lease-keeper.ts';
export { drainOnSignals, type DrainOnSignalsOptions, type EndSignal } from './host/drain-on-signals.ts';
export { bytesCodec, type Codec, jsonCodec } from './messages/codec.ts';
export type { ConsumeOptions, IdempotencyOptions } from './messages/consume-options.ts';
export type { Consumer } from './messages/consumer.ts';
export type { EndOutcome, Message, RetryOptions } from './messages/message.ts';
export type { Producer, ProducerOptions, SendOptions, Sent } from './messages/producer.ts';
export type { SentEvent } from './messages/sent-channel.ts';
export type { Outbox, OutboxMessage, OutboxRelay, RelayOptions } from './outbox/outbox-relay.ts';
export type { QueuesOptions } from './queues-options.ts';
export type { RateOptions } from './rate/rate.ts';
export type { Subscription } from './topics/subscriptions.ts';
export type { Published, Topic } from './topics/topic.ts';
export type { Delivery, DeliveryHandler, Ending, Following } from './working/ending.ts';
export type { LaneOptions } from './working/lane-choice.ts';
export type { KeptLeases, LeaseKeeper } from './working/lease-keeper.ts';
export type { Deference } from './working/deference.ts';
export type { Limiter } from './working/limiter.ts';
export type { RetryPolicy } from './working/retry-policy.ts';
export type { Work, WorkEvent } from './working/work.ts';
export { startWork } from './working/work-loop.ts';
export type { WorkOptions, WorkSettings } from './working/work-options.ts';
export type { Timetable } from './cron/parse-cron.ts';
export { parseCron } from './cron/parse-cron.ts';
export type { CatchUp, ScheduleTimes } from './schedules/schedule.ts';
export type { NewSchedule, Schedule, ScheduleTable } from './schedules/schedule-table.ts';
export type { ApplicationOptions } from './tasks/application.ts';
export type { SendableTask, Tasks, TasksApi, TasksOptions } from './tasks/create-tasks.ts';
export type { Flow, GroupOutput, Step, StepTarget } from './tasks/flow.ts';
export type { Bound, Reference } from './tasks/flow-reference.ts';
export type { FlowSendOptions, TaskSendOptions } from './tasks/send-options.ts';
export {
  type SchemaIssue,
  type SchemaResult,
  type StandardSchema,
  unchecked,
} from './tasks/standard-schema.ts';
export {
  type AnyTask,
  defineTask,
  type InputOf,
  type OutputOf,
  type Task,
  type TaskContext,
  type TaskOptions,
  type TaskRetry,
} from './tasks/task.ts';
export type { TaskEvent } from './tasks/task-event.ts';
export type { SentTask, TaskHandle, TaskStatus } from './tasks/task-handle.ts';
export type { TaskWorkOptions } from './tasks/task-work.ts';
