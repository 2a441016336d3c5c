import { type NodeId, type Outcome, QuorateError, type QuorateErrorOptions } from '@quorate/core';

const refused: QuorateErrorOptions = { outcome: 'not-applied', retryable: true };

/**
 * Refused because this replica does not lead; says who may. It has no stack: to look through one costs several times what the
 * refusal does, and who asks a replica that leads no more has made no mistake.
 */
export class NotLeaderError extends QuorateError {
  /** Whom to ask instead, where that is known. A hint: it may have changed. */
  readonly leader: NodeId | undefined;

  constructor(self: NodeId, leader: NodeId | undefined) {
    const who = leader === undefined ? 'it knows of no leader' : `"${leader}" may be`;
    const { stackTraceLimit } = Error;
    limitStacks(0);
    super('NOT_LEADER', `Replica "${self}" is not the leader: ${who}`, refused);
    limitStacks(stackTraceLimit);
    this.leader = leader;
  }
}

/** Nothing where it cannot be set, as where the language's own objects are frozen: then there are stacks. */
function limitStacks(depth: number): void {
  Reflect.set(Error, 'stackTraceLimit', depth);
}

export function noLeader(self: NodeId): QuorateError {
  return new QuorateError('NO_LEADER', `Replica "${self}" was given no index by a leader in time`, {
    outcome: 'not-applied',
    retryable: true,
  });
}

/** @param outcome `unknown`, or `applied` where it was committed and something else was waited for */
export function leadershipLost(self: NodeId, outcome: Outcome): QuorateError {
  return new QuorateError(
    'LEADERSHIP_LOST',
    `Replica "${self}" lost its leadership before the write was acknowledged`,
    { outcome, retryable: true },
  );
}

export function superseded(index: number): QuorateError {
  return new QuorateError('SUPERSEDED', `Another leader's entry is committed at ${index} instead`, {
    outcome: 'not-applied',
    retryable: true,
  });
}

export function transferring(self: NodeId): QuorateError {
  return new QuorateError('TRANSFERRING', `Replica "${self}" is handing its leadership over`, {
    outcome: 'not-applied',
    retryable: true,
  });
}

export function overloaded(what: string): QuorateError {
  return new QuorateError('OVERLOADED', `Too much waits to be committed or applied: ${what}`, {
    outcome: 'not-applied',
    retryable: true,
  });
}

export function storageFull(self: NodeId): QuorateError {
  return new QuorateError('STORAGE_FULL', `Replica "${self}" has no room for the write`, {
    outcome: 'not-applied',
    retryable: true,
  });
}

export function semiSyncTimeout(wanted: number, timeoutMs: number): QuorateError {
  return new QuorateError(
    'SEMI_SYNC_TIMEOUT',
    `Fewer than ${wanted} other replicas had the write after ${timeoutMs} ms`,
    { outcome: 'unknown', retryable: true },
  );
}

export function sessionExpired(session: number): QuorateError {
  return new QuorateError('SESSION_EXPIRED', `Session ${session} is over, or never was`, {
    outcome: 'unknown',
  });
}

export function sequenceGap(session: number, sequence: number): QuorateError {
  return new QuorateError(
    'SEQUENCE_GAP',
    `Operation ${sequence} of session ${session} came before the one that precedes it`,
    { outcome: 'not-applied', retryable: true },
  );
}

export function replyLost(session: number, sequence: number): QuorateError {
  return new QuorateError(
    'REPLY_LOST',
    `Operation ${sequence} of session ${session} was applied before, and its reply is not known any more`,
    { outcome: 'applied' },
  );
}

export function membershipRefused(reason: string, retryable: boolean): QuorateError {
  return new QuorateError('MEMBERSHIP_REFUSED', `The membership was not changed: ${reason}`, {
    outcome: 'not-applied',
    retryable,
  });
}

/** @param outcome `not-applied` where nobody was asked to take over, else `unknown`: who was may lead yet */
export function transferFailed(reason: string, outcome: Outcome): QuorateError {
  return new QuorateError('TRANSFER_FAILED', `Leadership was not handed over: ${reason}`, {
    outcome,
    retryable: true,
  });
}

export function machineFailed(doing: string, cause: unknown): QuorateError {
  return new QuorateError('MACHINE_FAILED', `The state machine failed to ${doing}`, {
    outcome: 'unknown',
    cause,
  });
}

export function stateAhead(known: string, held: string): QuorateError {
  const message = `The journal ${held}, and ${known}: it has lost what it held`;
  return new QuorateError('STATE_AHEAD', message, { outcome: 'not-applied' });
}

export function snapshotUnreadable(index: number): QuorateError {
  return new QuorateError(
    'SNAPSHOT_UNREADABLE',
    `The snapshot at entry ${index} is not one of this version`,
    {
      outcome: 'not-applied',
    },
  );
}

export function replicaClosed(self: NodeId, outcome: Outcome): QuorateError {
  return new QuorateError('CLOSED', `Replica "${self}" was disposed of`, { outcome });
}

/** What everybody is told from the moment that something has happened which cannot. */
export function replicaFailed(cause: unknown): QuorateError {
  return new QuorateError('REPLICA_FAILED', 'The replica is broken and has ended', {
    outcome: 'unknown',
    cause,
  });
}

/** What everybody is told from the moment the journal has failed. */
export function journalFailed(cause: unknown): QuorateError {
  return new QuorateError('JOURNAL_FAILED', 'The journal has failed, and with it the replica', {
    outcome: 'unknown',
    cause,
  });
}

/** The same failure for another operation. */
export function withOutcome(error: QuorateError, outcome: Outcome): QuorateError {
  if (error.outcome === outcome) return error;
  const { code, message, retryable } = error;
  return new QuorateError(code, message, { retryable, outcome, cause: error.cause });
}
