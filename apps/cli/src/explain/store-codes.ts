import type { ErrorCode } from './error-code.ts';

const lock = '@quorate/lock';
const counter = '@quorate/counter';

/** Codes of stores and of what stands on them: locks and counters. */
export const storeCodes: Readonly<Record<string, ErrorCode>> = {
  ADD_UNKNOWN: {
    from: counter,
    means: 'The session that remembered an addition was lost before its answer came: it may count, or not.',
    advice: 'Read the counter if an estimate is enough; else keep the additions yourself and compare.',
  },
  CLOCK_WENT_BACK: {
    from: counter,
    means:
      'The wall clock says less than it did before, so an id made now could be one that was made already.',
    advice: 'Wait until the clock has come up, and set clocks by slewing rather than in steps.',
  },
  COUNTER_BUSY: {
    from: counter,
    means: 'As many additions wait for the store as `pendingMax` allows. This one was not applied.',
    advice: 'Await what is under way. If it happens often, the store is too slow for what is asked.',
  },
  DEADLOCK: {
    from: lock,
    means: 'Tasks wait for each other in a circle, which the message names; this one began to wait last.',
    advice: 'Release what you hold and begin again. Better: acquire several locks by `all`, in one order.',
  },
  IDS_EXHAUSTED: {
    from: counter,
    means: 'The ids of this moment are used up, or time for more has yet to be reserved in the store.',
    advice: 'Use `next`, which waits, or give the layout more bits for ids of one moment.',
  },
  LOCK_HELD: {
    from: `HTTP handler of ${lock}`,
    means: 'Somebody holds the lock. The answer says until when.',
    advice: 'Ask again later, with growing pauses.',
  },
  LOCK_LOST: {
    from: lock,
    means: 'The lock is not held any more, or may not be: its session was not renewed in time.',
    advice:
      'Stop what needs it. What was written meanwhile is safe where the resource checks the fencing token.',
  },
  NO_WORKER: {
    from: counter,
    means: 'All worker numbers for ids are leased.',
    advice: 'Give the layout more bits for workers; a number is free again once its process has ended.',
  },
  NOT_OWNER: {
    from: lock,
    means: 'A lock was used after its release, or released after it had been lost.',
    advice: 'Look who releases it first; `await using` does so at the end of its block.',
  },
  NOT_RECOVERABLE: {
    from: '@quorate/lock/shared',
    means:
      'A thread died as owner, and the next let go without declaring that what the lock guards is whole.',
    advice: 'Make a new lock with new data. Whoever gets `ownerDied` must repair and say `consistent`.',
  },
  PARTITION_FULL: {
    from: '@quorate/engine-nats',
    means: 'A partition would be larger than a message of the server may be. Nothing was done.',
    advice: "Delete entries, spread them over partitions, or raise the server's `max_payload`.",
  },
  PN_STATE_REFUSED: {
    from: counter,
    means: "A replica's state is malformed, of another format, or has more actors than allowed.",
    advice: 'Look for another version on the other side; nothing of it was taken in.',
  },
  POSTS_FAILED: {
    from: counter,
    means: 'Of what was posted without waiting some does not count, or may not: the message has both sums.',
    advice: 'Post again what does not count; for what may, read the counter.',
  },
  SEQUENCE_EXHAUSTED: {
    from: counter,
    means: 'A sequence has no more numbers.',
    advice: 'Use `next`, which goes up to 2^63 - 1, or another name.',
  },
  STORE_CORRUPT: {
    from: '@quorate/engine-lmdb',
    means: 'What lies in the folder is no store, or is cut off or damaged. Nothing was touched.',
    advice: 'The message names the file. Take another folder, or a copy from a backup.',
  },
  STORE_DURABILITY: {
    from: '@quorate/engine-lmdb',
    means: 'The store was made without syncs, and durability `fsync` was asked for.',
    advice: 'Open it with `os`, or make another store.',
  },
  STORE_REFUSED: {
    from: '@quorate/engine-postgres, @quorate/engine-nats',
    means: 'The server refused the call for a reason that repeating does not cure. Nothing was done.',
    advice: "Look at the cause: the server's own error, mostly of rights or of a missing schema.",
  },
  STORE_VERSION: {
    from: '@quorate/engine-lmdb',
    means: 'The store is of a format that this version does not know. Nothing was touched.',
    advice: 'Use the version that made it, or a later one.',
  },
  TOO_MANY_WAITERS: {
    from: '@quorate/lock/shared',
    means: 'A lock in shared memory has as many waiters as there is room for.',
    advice: 'Make it with room for as many threads as use it.',
  },
};
