import { wake } from '@quorate/threads';
import { block } from './blocking.ts';
import type { LockPlace } from './lock-place.ts';
import { pause } from './pause.ts';
import { type CreateOptions, type Placed, attachPlaced, bytesFor, createPlaced } from './placing.ts';
import { QueueHold } from './queue-hold.ts';
import type { Seat } from './seat.ts';
import { checkMayBlock } from './wait-for-turn.ts';

/**
 * The words of a ticket lock as one thread sees them. Places go round; each tells the last ticket that was called there, and a
 * thread waits at the place of its own, so giving the lock back wakes the next thread and no other. Memory is 0 at first, which
 * calls ticket 0 and none of the others.
 */
export class TicketCore {
  readonly #next: Int32Array;
  readonly #called: Int32Array;
  readonly #mask: number;
  readonly #spins: number;

  constructor({ lock, seat }: Placed) {
    this.#next = lock.words.lastTicket;
    this.#called = lock.words.states;
    this.#mask = lock.size.cells - 1;
    this.#spins = seat.spins;
  }

  /** @returns the ticket, for {@link release} */
  take(): number {
    const ticket = Atomics.add(this.#next, 0, 1);
    const place = ticket & this.#mask;
    for (let spin = 0; ; spin++) {
      const called = Atomics.load(this.#called, place);
      if (called === ticket) return ticket;
      if (spin < this.#spins) pause();
      else block(this.#called, place, called, {});
    }
  }

  release(ticket: number): void {
    const next = (ticket + 1) | 0;
    Atomics.store(this.#called, next & this.#mask, next);
    // Whoever takes that ticket later finds it called.
    if (Atomics.load(this.#next, 0) !== next) wake(this.#called, next & this.#mask);
  }
}

/**
 * A ticket lock (Mellor-Crummey and Scott 1991, section 2.2), to compare with: strictly first come, first served.
 *
 * Use {@link ThreadMutex}. With more threads than free cores this collapses, since the lock waits for the one thread whose turn
 * it is, and that has to be given a core first. It knows no deadline, and a thread that dies while it holds or waits blocks all
 * others for ever.
 */
export class TicketLock {
  /** Hand this to other threads. */
  readonly place: LockPlace;
  readonly name: string;
  readonly #core: TicketCore;

  private constructor(placed: Placed) {
    this.place = placed.lock.place;
    this.name = placed.lock.name;
    this.#core = new TicketCore(placed);
  }

  /** Bytes that a ticket lock takes. */
  static bytesNeeded(team: { readonly capacity: number }): number {
    return bytesFor('ticket lock', team, 1, { waitersMax: placesFor(team) });
  }

  /** Makes a ticket lock. @throws as {@link ThreadMutex.create} */
  static create(options: CreateOptions): TicketLock {
    const waitersMax = placesFor(options.team);
    return new TicketLock(createPlaced('ticket lock', 1, { ...options, waitersMax }));
  }

  /** Opens a ticket lock that another thread made. @throws as {@link ThreadMutex.attach} */
  static attach(place: LockPlace, seat: Seat): TicketLock {
    return new TicketLock(attachPlaced('ticket lock', place, seat));
  }

  /** Takes the lock, blocking the thread. @throws QuorateError `UNSUPPORTED` on a browser's main thread */
  lock(): QueueHold {
    checkMayBlock();
    const ticket = this.#core.take();
    return new QueueHold(() => this.#core.release(ticket));
  }
}

/** A power of two, so that places follow each other also where tickets wrap. */
function placesFor({ capacity }: { readonly capacity: number }): number {
  return 2 ** Math.ceil(Math.log2(capacity));
}
