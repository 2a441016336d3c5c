/** A thread that takes a lock over and over, and looks whether it is alone. */
import { type MemberId, type StructView, type Team, defineStruct } from '@quorate/threads';
import { serve, type WorkerContext } from '@quorate/threads/worker';
import {
  type LockPlace,
  McsLock,
  type Seat,
  ThreadCondition,
  ThreadMutex,
  ThreadReadWriteLock,
  ThreadSemaphore,
  TicketLock,
} from '../../src/shared/index.ts';

/** What the threads of a test share beside the locks. */
export const Shared = defineStruct([
  /** Set to end the loops. */
  { stop: 'int32' },
  /** Who is in: the permits taken, for a semaphore. */
  { inside: 'int32', wrong: 'int32', acquired: 'int32', told: 'int32' },
  /** Changed one after the other, under the lock, without `Atomics`. */
  { left: 'int32', right: 'int32' },
]);

export interface WorkerData {
  readonly memory: SharedArrayBuffer;
  readonly place: LockPlace;
  readonly other?: LockPlace;
}

/** Kinds of loops. */
export type Loop = 'mutex' | 'mutexAsync' | 'read-write' | 'semaphore' | 'queue' | 'ticket' | 'mcs';

/** The loops of one thread. */
class Loops {
  readonly #shared: StructView<typeof Shared>;
  readonly #data: WorkerData;
  readonly #seat: Seat;

  constructor(data: WorkerData, seat: Seat) {
    this.#shared = Shared.view(data.memory);
    this.#data = data;
    this.#seat = seat;
  }

  mutex(rounds: number): void {
    const mutex = ThreadMutex.attach(this.#data.place, this.#seat);
    for (let done = 0; this.#goesOn(rounds, done); done++) {
      const hold = mutex.lock();
      this.#visit(hold.ownerDied, () => hold.consistent());
      hold.release();
    }
  }

  async mutexAsync(rounds: number): Promise<void> {
    const mutex = ThreadMutex.attach(this.#data.place, this.#seat);
    for (let done = 0; this.#goesOn(rounds, done); done++) {
      const hold = await mutex.lockAsync();
      this.#visit(hold.ownerDied, () => hold.consistent());
      hold.release();
    }
  }

  'read-write'(rounds: number): void {
    const lock = ThreadReadWriteLock.attach(this.#data.place, this.#seat);
    const { left, right, wrong } = this.#shared;
    for (let done = 0; this.#goesOn(rounds, done); done++) {
      if (done % 4 === 0) {
        const hold = lock.write();
        this.#visit(hold.ownerDied, () => hold.consistent());
        hold.release();
      } else {
        const hold = lock.read();
        if (left[0] !== right[0] && !hold.ownerDied) Atomics.add(wrong, 0, 1);
        hold.release();
      }
    }
  }

  semaphore(rounds: number): void {
    const semaphore = ThreadSemaphore.attach(this.#data.place, this.#seat);
    const { inside, wrong, acquired } = this.#shared;
    for (let done = 0; this.#goesOn(rounds, done); done++) {
      const permit = semaphore.acquire();
      // The dead leave it too high, so this counts only where nobody dies.
      if (Atomics.add(inside, 0, 1) >= semaphore.permits) Atomics.add(wrong, 0, 1);
      Atomics.sub(inside, 0, 1);
      Atomics.add(acquired, 0, 1);
      permit.release();
    }
  }

  queue(rounds: number): void {
    const mutex = ThreadMutex.attach(this.#data.place, this.#seat);
    const filled = ThreadCondition.attach(this.#data.other as LockPlace, this.#seat);
    const { stop, left, acquired } = this.#shared;
    for (let done = 0; this.#goesOn(rounds, done); done++) {
      using hold = mutex.lock();
      hold.consistent();
      while (left[0] === 0) {
        if (Atomics.load(stop, 0) !== 0) return;
        filled.wait(hold);
        hold.consistent();
      }
      left[0] = (left[0] as number) - 1;
      Atomics.add(acquired, 0, 1);
    }
  }

  ticket(rounds: number): void {
    const lock = TicketLock.attach(this.#data.place, this.#seat);
    for (let done = 0; this.#goesOn(rounds, done); done++) {
      const hold = lock.lock();
      this.#visit(false, () => {});
      hold.release();
    }
  }

  mcs(rounds: number): void {
    const lock = McsLock.attach(this.#data.place, this.#seat);
    for (let done = 0; this.#goesOn(rounds, done); done++) {
      const hold = lock.lock();
      this.#visit(false, () => {});
      hold.release();
    }
  }

  #goesOn(rounds: number, done: number): boolean {
    return done < rounds && Atomics.load(this.#shared.stop, 0) === 0;
  }

  /** Alone, or told of a death. */
  #visit(ownerDied: boolean, repair: () => void): void {
    const { inside, wrong, acquired, told, left, right } = this.#shared;
    if (ownerDied) {
      Atomics.add(told, 0, 1);
      Atomics.store(inside, 0, 0);
      right[0] = left[0] as number;
      repair();
    }
    if (Atomics.add(inside, 0, 1) !== 0 || left[0] !== right[0]) Atomics.add(wrong, 0, 1);
    left[0] = (left[0] as number) + 1;
    right[0] = (right[0] as number) + 1;
    Atomics.sub(inside, 0, 1);
    Atomics.add(acquired, 0, 1);
  }
}

export const lockWorker = serve((worker: WorkerContext<WorkerData>) => {
  const { place, other } = worker.data;
  const seat = { team: worker.team as Team, member: worker.member as MemberId };
  const loops = new Loops(worker.data, seat);
  return {
    loop: ({ kind, rounds }: { kind: Loop; rounds: number }) => loops[kind](rounds),
    /** Takes the mutex and keeps it. */
    keep: () => {
      ThreadMutex.attach(place, seat).lock();
    },
    /** A task waits for the mutex, and the thread then blocks for `other`; both must be had in the end. */
    awaitBoth: async () => {
      const first = ThreadMutex.attach(place, seat).lockAsync();
      const second = ThreadMutex.attach(other as LockPlace, seat).lock({ deadlineMs: 20_000 });
      second.release();
      (await first).release();
    },
    blockFor: (deadlineMs: number) => {
      try {
        ThreadMutex.attach(place, seat).lock({ deadlineMs }).release();
        return 'held';
      } catch (thrown) {
        return (thrown as { code: string }).code;
      }
    },
  };
});
