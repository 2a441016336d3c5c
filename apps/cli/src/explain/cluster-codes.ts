import type { ErrorCode } from './error-code.ts';

const replication = '@quorate/replication';

/** Codes of replicated logs and of memberships. */
export const clusterCodes: Readonly<Record<string, ErrorCode>> = {
  LEADERSHIP_LOST: {
    from: replication,
    means: 'The leader lost its place before the write was acknowledged. It may be committed yet.',
    advice: 'Send the same operation of the same session to the new leader: it is applied once.',
  },
  MACHINE_FAILED: {
    from: replication,
    means: 'The state machine threw. Where it was to apply a command, its replica has ended.',
    advice: 'Mend it: a command that is committed must be applied by every replica, a bad one by a reply.',
  },
  MEMBERSHIP_REFUSED: {
    from: replication,
    means: 'The members cannot be changed like that now. Nothing was changed.',
    advice: 'Do what the message says; often it is to wait until the change before is done.',
  },
  NOT_LEADER: {
    from: replication,
    means: 'This replica does not lead. Nothing was done.',
    advice: 'Ask whom `leader` names, or another replica where it names nobody.',
  },
  NO_LEADER: {
    from: replication,
    means: 'No leader gave an index for a read within two election timeouts.',
    advice: 'Ask again. Where it stays so, look whether a majority of the voters can reach each other.',
  },
  REPLACED: {
    from: '@quorate/membership',
    means: 'The same service and id was registered anew, mostly by the same instance started again.',
    advice: 'Dispose of this registration, or give each instance an id of its own.',
  },
  REPLICA_FAILED: {
    from: replication,
    means: 'Something happened in a replica that cannot, or a hook that it was given threw. It has ended.',
    advice:
      'Start it again; `cause` says what it was. If it was no hook of yours, report it: it is a defect.',
  },
  REPLY_LOST: {
    from: replication,
    means: 'The operation was applied before, and its reply is not kept any more.',
    advice: 'Read what it did. Repeat operations sooner, or begin fewer of one session at once.',
  },
  SEMI_SYNC_TIMEOUT: {
    from: replication,
    means: 'Fewer replicas than asked for had the write in time. It is in the log of the leader.',
    advice: 'Repeat it in its session; `onTimeout: "degrade"` acknowledges with fewer and says so.',
  },
  SEQUENCE_GAP: {
    from: replication,
    means: 'An operation of a session came before the one that precedes it.',
    advice: 'Send the earlier one first; operations of one session are numbered without gaps.',
  },
  SESSION_EXPIRED: {
    from: replication,
    means: 'The session was not used for longer than it lives, so nobody knows what was applied.',
    advice: 'Open a new one. Give sessions a longer `ttlMs`, or keep them, where retries come late.',
  },
  SNAPSHOT_UNREADABLE: {
    from: replication,
    means: 'The journal holds a snapshot of another version of the package.',
    advice: 'Start the version that wrote it, or rebuild the replica as a new member.',
  },
  STATE_AHEAD: {
    from: replication,
    means: 'More was committed or applied here than the journal holds: it was lost, damaged or set back.',
    advice: 'Rebuild the replica as a new member. It may have forgotten a vote.',
  },
  SUPERSEDED: {
    from: replication,
    means: 'An entry of another leader was committed in the place of this write. It was not applied.',
    advice: 'Send it again, to the new leader.',
  },
  TRANSFERRING: {
    from: replication,
    means: 'Leadership is being handed over, so nothing new is taken on. Nothing was done.',
    advice: 'Ask again in a moment, at the next leader.',
  },
  TRANSFER_FAILED: {
    from: replication,
    means: 'Leadership could not be handed over in time. This replica may lead still.',
    advice: 'Look whether the successor is up and has caught up, and try again.',
  },
  UNREADABLE_ANSWER: {
    from: replication,
    means: 'A replica of another version answered. What it did is unknown.',
    advice: 'Bring client and replicas to versions that fit, and repeat the operation in its session.',
  },
  CALL_REFUSED: {
    from: replication,
    means:
      'A client asked a replica for what it takes from nobody, such as a command that is too long. Nothing was done.',
    advice:
      'The message names the limit. Send less at a time: a message of the transport and a record of the journal set the limit.',
  },
  UNREADABLE_CALL: {
    from: replication,
    means: 'A client of another version asked. Nothing was done.',
    advice: 'Bring client and replicas to versions that fit.',
  },
};
