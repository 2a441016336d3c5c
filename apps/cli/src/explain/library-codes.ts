import type { ErrorCode } from './error-code.ts';

/** Codes of the packages: `QuorateError`s, which also carry `retryable` and `outcome`. */
export const libraryCodes: Readonly<Record<string, ErrorCode>> = {
  ABORTED: {
    from: '@quorate/core, @quorate/threads',
    means:
      "The caller's own signal ended the wait, or a worker that was asked to end did so before it answered. The signal's reason is the cause.",
    advice:
      'Nothing, where the abort was meant. The outcome says whether the operation may have taken effect.',
  },
  CLOSED: {
    from: 'everything that is disposed',
    means: 'What was called was disposed before, or while the call was under way; the outcome says which.',
    advice: 'Nothing, where the end was meant. Otherwise look who disposes of it too soon.',
  },
  DEADLINE_EXCEEDED: {
    from: 'every call that waits; HTTP 504',
    means:
      'The wait was not over within deadlineMs. Unless the outcome says otherwise, the operation may still take effect.',
    advice:
      'Read before you write again, or repeat it under the same operation id. If it happens often, look for what is slow before raising the deadline.',
  },
  END_CONFLICT: {
    from: '@quorate/queue',
    means:
      'A state record that the end of a message writes had another version. The message was not ended; it is treated as if its handler had thrown this.',
    advice:
      'Read the record again when the message comes back, or let the handler not depend on its version.',
  },
  LEASE_LOST: {
    from: '@quorate/queue',
    means:
      'The lease of a message ended, or may have, while its handler ran: another worker has the message, or may. What the handler says is dropped then.',
    advice:
      'Look what kept the worker from extending it: a blocked event loop (give it a keeper), a stopped process, a store out of reach. A longer leaseMs gives more time.',
  },
  PRODUCER_FULL: {
    from: '@quorate/queue',
    means: 'As many bytes as inFlightMaxBytes allows wait for the store, so this message was not sent.',
    advice: 'Await ready() before sending more, or await the sends.',
  },
  RECORD_CORRUPT: {
    from: '@quorate/engine-lmdb',
    means:
      'A record of a queue does not match its checksum: the disk or the memory is faulty. A damaged message is set aside, and no damaged payload is given to anybody.',
    advice: 'Look for what is faulty. Write a damaged state record anew, without a version, or delete it.',
  },
  RING_REF_BUSY: {
    from: '@quorate/ring',
    means:
      'A thread that never had a ring from a shared slot could not copy one, because the slot was swapped during each attempt.',
    advice: 'Repeat. Whoever swaps rings without a pause should batch its changes.',
  },
  SEND_UNKNOWN: {
    from: '@quorate/queue',
    means:
      'A message was sent and no answer came, for longer than its id is remembered. It may be in its queue.',
    advice:
      'Send it under an id of your own with a longer rememberMs where that matters; the cause says what failed.',
  },
  SPAWN_FAILED: {
    from: '@quorate/threads',
    means: 'A worker ended or threw before it was ready. Nothing was sent to it.',
    advice: 'Look at the cause: most often the module cannot be found, or throws while it loads.',
  },
  TASK_CANCELLED: {
    from: '@quorate/queue',
    means: 'Somebody cancelled the task or its flow. Of a signal: the reason why the run should end.',
    advice: 'Nothing, where the end was meant. A run that was under way may have had effects.',
  },
  TASK_CRASHED: {
    from: '@quorate/queue',
    means:
      'The task was started several times by workers of which nothing was heard again, so it may be what kills them. It is among the dead letters.',
    advice:
      'Look how those workers ended: memory, a native crash, a signal. Then put it back from the dead letters.',
  },
  TASK_FAILED: {
    from: '@quorate/queue',
    means:
      'The task failed for good: its attempts are used up (then it is retryable), or its error was not worth another. Of a flow: one of its tasks did.',
    advice:
      'The cause is what the last attempt threw. Mend that, and put the task back from the dead letters, or send it again.',
  },
  TASK_GONE: {
    from: '@quorate/queue',
    means:
      'Neither a message nor a result of the task is there: it was purged, its result has had its time, its result is not kept, or it was never sent.',
    advice: 'Ask for results within resultTtlMs, or make it longer; look who purges the queue.',
  },
  TASK_TIMEOUT: {
    from: '@quorate/queue',
    means: 'An attempt of the task took longer than its timeoutMs. It counts as a failed attempt.',
    advice:
      'Let the task heed its signal; give it more time by timeoutMs, or by extend() where it knows that it is under way.',
  },
  TEAM_FULL: {
    from: '@quorate/threads',
    means: 'No more members can join a team of threads: its shared memory has room for a fixed number.',
    advice: 'Make the team larger where it is created, or let a member leave first.',
  },
  TOO_MANY_CALLS: {
    from: '@quorate/threads',
    means: 'A worker has as many unanswered calls as the limit allows, so this one was not sent.',
    advice: 'Wait for answers before sending more; more workers, if they are all busy.',
  },
  UNSUPPORTED: {
    from: 'any package',
    means: 'This engine or platform cannot do what was asked, and nothing is emulated silently.',
    advice: 'The message names what is missing. Choose another engine, or do without the option.',
  },
  WORKER_LOST: {
    from: '@quorate/threads, @quorate/counter',
    means:
      'A worker threw, exited or was terminated. Calls that it had received have an unknown outcome; later ones are not sent. Of a generator of ids: the lease of its worker number is lost.',
    advice:
      'Start another worker, or lease another number. Repeat what is safe to repeat; the cause says how it ended.',
  },
  WORK_ENDED: {
    from: '@quorate/queue',
    means: "The reason of a handler's signal: the work was disposed of. The message goes back to its queue.",
    advice: 'Nothing, where the end was meant. Drain the work first where handlers should end.',
  },
};
