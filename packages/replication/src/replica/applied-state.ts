import type { LogIndex } from '@quorate/core';
import type { Membership } from '../raft/membership.ts';
import type { SessionTableState } from '../sessions/session-table.ts';

/** A state, and what it is the state of. */
export interface AppliedState {
  readonly index: LogIndex;
  readonly machineApplied: LogIndex;
  readonly membership: Membership;
  readonly sessions: SessionTableState;
}
