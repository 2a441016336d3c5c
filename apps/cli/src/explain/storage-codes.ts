import type { ErrorCode } from './error-code.ts';

const journal = '@quorate/journal, @quorate/sim';

/** Codes of disks, journals and simulations. */
export const storageCodes: Readonly<Record<string, ErrorCode>> = {
  ALREADY_EXISTS: {
    from: journal,
    means: 'A file was to be made, and there is one of that name.',
    advice: 'Open it without `create`, or choose another name.',
  },
  ALREADY_OPEN: {
    from: journal,
    means: 'A folder belongs to another owner, whom the message names where that is known.',
    advice: 'Close the other handle or end the other process. After its death the folder is free at once.',
  },
  IO_FAILED: {
    from: journal,
    means: 'The file system failed at a write, a sync or something else; its own error is the cause.',
    advice: 'Look at the disk and at the permissions of the folder.',
  },
  JOURNAL_BUSY: {
    from: '@quorate/journal',
    means: 'As much waits for the disk as `pendingBytesMax` allows, so this write was not taken.',
    advice:
      'Wait for writes that are under way; if it happens often, the disk is too slow for what is asked.',
  },
  JOURNAL_CLOSED: {
    from: journal,
    means: 'The journal was disposed before this call.',
    advice: 'Open it again.',
  },
  JOURNAL_CORRUPT: {
    from: '@quorate/journal',
    means:
      'Something that was durable is damaged, missing or of another format version. The message names the file, the offset and what was expected.',
    advice:
      'Open it with the version that wrote it; or keep the folder for whoever looks into it, and rebuild the replica from its peers.',
  },
  JOURNAL_FAILED: {
    from: journal,
    means:
      'A write or a sync failed, so nobody knows what the kernel still holds. Everything from then on is refused.',
    advice: 'Close the journal and open it again, if the disk is worth it.',
  },
  NONDETERMINISM: {
    from: '@quorate/sim',
    means: 'Simulated code used ambient time, randomness, a timer or I/O, so its run could not be repeated.',
    advice: 'Take the clock, the random source and the network from the environment that the node is given.',
  },
  NOT_FOUND: {
    from: journal,
    means: 'There is no file of that name on the disk, or the snapshot that was being read was taken back.',
    advice: 'List the disk for what there is, or open with `create`.',
  },
  OPERATION_SUPERSEDED: {
    from: 'every Store',
    means:
      'An operation came again after a later one of its session had taken effect: what became of it is forgotten.',
    advice:
      'Settle each operation before the next begins in the same partition, or read what stands there now.',
  },
  SESSION_LOST: {
    from: 'every Store',
    means: 'The session that the call belongs to is over: what it held, others may hold now.',
    advice: 'Stop acting on what the session held, open a new one and begin anew.',
  },
  STORAGE_FULL: {
    from: `${journal}, @quorate/engine-lmdb`,
    means: 'There is no room for the write or the snapshot. It was not applied, and nothing else is harmed.',
    advice: 'Make room: compact, truncate, delete other files. Then repeat it; no restart is needed.',
  },
};
