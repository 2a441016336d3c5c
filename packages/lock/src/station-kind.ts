import type { LockDelay } from './lock-delay.ts';
import type { SessionPool } from './session-pool.ts';
import type { TicketContext } from './ticket.ts';
import type { TicketRule } from './ticket-rule.ts';
import type { Waiter } from './waiter.ts';

/** How long a process may keep a lock to itself while others wait in the store. */
export interface HandOffBudget {
  /** How often it is handed on. */
  readonly max: number;
  /** For how long. */
  readonly ms: number;
}

/** What stations of one manager share. */
export interface StationContext {
  readonly tickets: TicketContext;
  readonly pool: SessionPool;
  readonly handOff: HandOffBudget;
  /** Numbers those who come to wait, at all stations. */
  readonly nextArrival: () => number;
  /** Whether the manager was closed. */
  readonly isClosed: () => boolean;
  /** Keeps the manager from closing before it has settled. */
  readonly inBackground: (work: Promise<unknown>) => void;
  /** Somebody begins to wait in line. May fail it. */
  readonly onWait: (waiter: Waiter) => void;
}

/** What kind of lock a station is for. */
export interface StationKind {
  /** What it is called in messages: `mutex "a"`. */
  readonly text: string;
  readonly partition: string;
  readonly rule: TicketRule;
  /** How many entries it has in the store at most. */
  readonly ticketsMax: number;
  /** How many of them wait. */
  readonly pendingMax: number;
  /** Whether all who wait at the moment of a grant share it. Else it is given to one after the other. */
  readonly isShared: boolean;
  readonly delay?: LockDelay | undefined;
  /** A candidate's own bytes. */
  readonly value?: Uint8Array;
}
