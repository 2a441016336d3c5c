import { type Channel, defineChannel } from '@quorate/core';

/** What happens to the tasks of a worker. */
export interface TaskEvent {
  readonly type:
    | 'started'
    | 'succeeded'
    /** For good. */
    | 'failed'
    /** An attempt failed, and there will be another. */
    | 'retried'
    | 'cancelled'
    /** It is left to another worker, or to a later time: this one does not know the task, or the store could not be asked. */
    | 'put-off';
  readonly task: string;
  readonly id: string;
  readonly attempt: number;
  readonly error?: unknown;
}

/** Where workers tell of their tasks, for whoever listens in their process. */
export const taskChannel: Channel<TaskEvent> = defineChannel('quorate:queue:task');
