import type { LinkedSignal, WaitOptions } from '@quorate/core';
import { Gate, refused } from './gate.ts';
import type { Placed } from './placing.ts';
import type { CheckedSeat } from './seat.ts';
import { pause } from './pause.ts';
import { TaskLine } from './task-line.ts';
import { ownDeadlock } from './thread-lock-error.ts';
import { limitOf, patienceOf, waitForTurn, waitForTurnAsync } from './wait-for-turn.ts';

/** How a mutex is taken; what is returned is {@link Gate.take}'s. Read-write locks exclude writers by one as well. */
export class MutexCore {
  readonly gate: Gate;
  readonly #seat: CheckedSeat;
  readonly #line: TaskLine = new TaskLine();
  readonly #attempt: () => number;

  constructor({ lock, seat }: Placed) {
    this.#seat = seat;
    const { team, member } = seat;
    this.gate = new Gate(lock, member, id => team.isAlive(id as typeof member));
    this.#attempt = () => this.gate.take();
  }

  /** Blocks until it is taken. */
  take(options: WaitOptions): number {
    const { gate } = this;
    const patience = patienceOf(this.#seat.clock, options);
    let taken = gate.take();
    for (let spin = 0; taken === refused && spin < this.#seat.spins; spin++) {
      pause();
      if (gate.looksFree()) taken = gate.take();
    }
    if (taken !== refused) return taken;
    if (gate.isAllMine) throw ownDeadlock(gate.name);
    return waitForTurn(gate, this.#attempt, patience);
  }

  /** Waits until it is taken; the thread's tasks in order. */
  async takeAsync(options: WaitOptions | undefined): Promise<number> {
    using limit = limitOf(this.#seat.clock, options);
    return await this.takeWithin(limit);
  }

  /** The same for a limit that is there already. */
  async takeWithin(limit: LinkedSignal | undefined): Promise<number> {
    const { gate } = this;
    limit?.throwIfAborted();
    const taken = gate.takeAnyFree();
    if (taken !== refused) return taken;
    return await this.#line.first(limit, () => waitForTurnAsync(gate, this.#attempt, limit));
  }
}
