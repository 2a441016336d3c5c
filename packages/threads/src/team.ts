import * as platform from '#platform';
import { type Brand, QuorateError, type WaitOptions, linkSignal, systemClock } from '@quorate/core';
import { abortable } from './abortable.ts';
import { parkAsync } from './park-async.ts';
import { type StructView, defineStruct } from './struct.ts';

/**
 * Names a member of a team: a positive integer below 2^30, so that it fits into a word of shared memory beside two flags.
 * Never used twice in a team: an id that is not alive is dead for ever.
 */
export type MemberId = Brand<number, 'MemberId'>;

/** The largest id, so the most that a team can give out. */
const memberIdMax = 0x3fff_ffff;

/** The most members that a team can have at a time. */
const capacityMax = 0x1_0000;

const Header = defineStruct([{ capacity: 'int32', turn: 'uint32' }, { deaths: 'int32' }]);

/**
 * Who of a group of threads is alive, in shared memory: any thread can ask, and any thread can wait for a death.
 *
 * A spawner marks its worker dead when the thread has really stopped, so whoever sees a death may take over what the member
 * held. That is what a lock needs to outlive its holder.
 *
 * Each member has a slot, `(id - 1) % capacity`; a slot serves one member at a time, the next with an id that is `capacity`
 * larger. Its word is the member's id, negative once it is dead: one change of one word tells both that and who died.
 */
export class Team {
  /** Hand this to another thread; {@link attachTeam} makes a team of it there. Workers spawned with the team have it already. */
  readonly buffer: SharedArrayBuffer;
  readonly capacity: number;
  readonly #header: StructView<typeof Header>;
  /** By slot: who is alive, or the negated id of who died last, or 0 before the first. */
  readonly #slots: Int32Array;
  /** Called after deaths, in this thread. */
  readonly #listeners: Set<() => void> = new Set();
  #waiting = false;

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.#header = Header.view(buffer);
    this.capacity = this.#header.capacity[0] as number;
    this.#slots = new Int32Array(buffer, Header.size, this.capacity);
  }

  /**
   * Adds a member, alive from now on until it {@link leave}s. `spawn({ team })` does it for workers.
   *
   * @throws QuorateError `TEAM_FULL` when `capacity` members are alive, or all ids are used up
   */
  join(): MemberId {
    // Starting elsewhere each time keeps a slot unused for long after a death, and uses up the ids of all evenly.
    const first = Atomics.add(this.#header.turn, 0, 1);
    let usedUp = 0;
    for (let step = 0; step < this.capacity; step++) {
      const slot = (first + step) % this.capacity;
      const word = Atomics.load(this.#slots, slot);
      const id = word === 0 ? slot + 1 : Math.abs(word) + this.capacity;
      if (id > memberIdMax) usedUp++;
      else if (word <= 0 && Atomics.compareExchange(this.#slots, slot, word, id) === word)
        return id as MemberId;
    }
    if (usedUp === this.capacity) throw full(`all of the ${memberIdMax} ids are used up`, false);
    throw full(`${this.capacity} members are alive`, true);
  }

  /** Marks a member dead and wakes all who wait. Harmless when repeated. */
  leave(member: MemberId): void {
    if (Atomics.compareExchange(this.#slots, this.slotOf(member), member, -(member as number)) !== member)
      return;
    Atomics.add(this.#header.deaths, 0, 1);
    Atomics.notify(this.#header.deaths, 0);
  }

  /** Whether the member is alive. One read of shared memory. */
  isAlive(member: MemberId): boolean {
    return Atomics.load(this.#slots, this.slotOf(member)) === member;
  }

  /** The member's slot, from 0 to `capacity - 1`: where to keep what belongs to it, such as its list of held locks. */
  slotOf(member: MemberId): number {
    if (!Number.isInteger(member) || member < 1 || member > memberIdMax)
      throw new RangeError(`Member id must be an integer from 1 to ${memberIdMax}: received ${member}`);
    return (member - 1) % this.capacity;
  }

  /** All who are alive. */
  members(): MemberId[] {
    const alive: MemberId[] = [];
    for (let slot = 0; slot < this.capacity; slot++) {
      const word = Atomics.load(this.#slots, slot);
      if (word > 0) alive.push(word as MemberId);
    }
    return alive;
  }

  /**
   * Calls `onDeath` for each member that dies from now on, in this thread's event loop, until disposed. It does not keep the
   * thread alive. Where members of one slot die faster than this thread looks, it is told of the last: the earlier ones of
   * that slot are dead as well. What `onDeath` throws is reported as uncaught, later, and stops nobody else's watch.
   */
  watch(onDeath: (member: MemberId) => void): Disposable {
    const told = new Int32Array(this.capacity);
    const look = (): void => {
      for (let slot = 0; slot < this.capacity && this.#listeners.has(look); slot++) {
        const last = this.#lastDead(slot);
        if (last === told[slot]) continue;
        told[slot] = last;
        callSafely(() => onDeath(last as MemberId));
      }
    };
    const listening = this.#listen(look);
    // Only now, when the wait has begun: a death that is not among these is another wake.
    for (let slot = 0; slot < this.capacity; slot++) told[slot] = this.#lastDead(slot);
    return listening;
  }

  /**
   * Settles when the member is dead, at once if it is already.
   *
   * @throws QuorateError `ABORTED`, `DEADLINE_EXCEEDED`
   */
  async died(member: MemberId, options: WaitOptions = {}): Promise<void> {
    using limit = linkSignal(systemClock, { ...options, outcome: 'not-applied' });
    using _alive = platform.holdOpen();
    let tell = (): void => {};
    const death = new Promise<void>(resolve => {
      tell = resolve;
    });
    using _listening = this.#listen(() => {
      if (!this.isAlive(member)) tell();
    });
    if (this.isAlive(member)) await abortable(death, limit.signal);
  }

  /** Who died last in a slot, or 0. Whoever is alive there follows it directly. */
  #lastDead(slot: number): number {
    const word = Atomics.load(this.#slots, slot);
    return word > 0 ? Math.max(0, word - this.capacity) : -word;
  }

  #listen(listener: () => void): Disposable {
    this.#listeners.add(listener);
    if (!this.#waiting) void this.#wait();
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /**
   * Waits for deaths while anybody listens. All listeners share one wait: the engine keeps a wait until it is woken, so one
   * for each would stay behind when they are disposed.
   */
  async #wait(): Promise<void> {
    const { deaths } = this.#header;
    this.#waiting = true;
    let seen = Atomics.load(deaths, 0);
    while (this.#listeners.size > 0) {
      await parkAsync(deaths, 0, seen, { keepAlive: false });
      seen = Atomics.load(deaths, 0); // Before anybody looks: a death after their look is another wake.
      for (const listener of this.#listeners) listener();
    }
    this.#waiting = false;
  }
}

/** Calls somebody else's function; what it throws is uncaught, but not here. */
function callSafely(callback: () => void): void {
  try {
    callback();
  } catch (thrown) {
    queueMicrotask(() => {
      throw thrown;
    });
  }
}

/**
 * Makes a team.
 *
 * @param capacity how many members can be alive at a time, from 1 to 65,536. Default 64; 4 bytes each
 * @throws QuorateError `UNSUPPORTED` where there is no shared memory (a page that is not cross-origin isolated)
 */
export function createTeam({ capacity = 64 }: { readonly capacity?: number } = {}): Team {
  if (!Number.isInteger(capacity) || capacity < 1 || capacity > capacityMax)
    throw new RangeError(`Team capacity must be an integer from 1 to ${capacityMax}: received ${capacity}`);
  if (typeof SharedArrayBuffer === 'undefined') {
    throw new QuorateError(
      'UNSUPPORTED',
      'There is no shared memory here: the page is not cross-origin isolated',
      {
        outcome: 'not-applied',
      },
    );
  }
  const buffer = new SharedArrayBuffer(Header.size + capacity * 4);
  Header.view(buffer).capacity[0] = capacity;
  return new Team(buffer);
}

/** Makes a team of the memory of a {@link createTeam} in another thread. */
export function attachTeam(buffer: SharedArrayBuffer): Team {
  return new Team(buffer);
}

function full(why: string, retryable: boolean): QuorateError {
  return new QuorateError('TEAM_FULL', `No more members can join: ${why}`, {
    retryable,
    outcome: 'not-applied',
  });
}
