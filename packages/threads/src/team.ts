import { type Brand, QuorateError, type WaitOptions, linkSignal, systemClock } from '@quorate/core';
import { parkAsync } from './park-async.ts';
import { type StructView, defineStruct } from './struct.ts';

/**
 * Names a member of a team: a positive integer below 2^30, so that it fits into a word of shared memory beside two flags.
 * Never used twice in a team: an id that is not alive is dead for ever.
 */
export type MemberId = Brand<number, 'MemberId'>;

/** The most ids that a team can give out. */
const idCountMax = 0x3fff_ffff;

/** The most members that a team can have at a time. */
const capacityMax = 0x1_0000;

const Header = defineStruct([{ capacity: 'int32', tickets: 'int32' }, { deaths: 'int32' }]);

/**
 * Who of a group of threads is alive, in shared memory: any thread can ask, and any thread can wait for a death.
 *
 * A spawner marks its worker dead when the thread has really stopped, so whoever sees a death may take over what the member
 * held. That is what a lock needs to outlive its holder.
 *
 * Each member has a slot, `(id - 1) % capacity`; a slot serves one member at a time, with growing ids.
 */
export class Team {
  /** Hand this to another thread; {@link attachTeam} makes a team of it there. Workers spawned with the team have it already. */
  readonly buffer: SharedArrayBuffer;
  readonly capacity: number;
  readonly #header: StructView<typeof Header>;
  /** By slot: who is alive, or 0. */
  readonly #living: Int32Array;
  /** By slot: who died last, or 0. */
  readonly #dead: Int32Array;

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.#header = Header.view(buffer);
    this.capacity = this.#header.capacity[0] as number;
    this.#living = new Int32Array(buffer, Header.size, this.capacity);
    this.#dead = new Int32Array(buffer, Header.size + this.capacity * 4, this.capacity);
  }

  /**
   * Adds a member, alive from now on until it {@link leave}s. `spawn({ team })` does it for workers.
   *
   * @throws QuorateError `TEAM_FULL` when `capacity` members are alive, or all ids are used up
   */
  join(): MemberId {
    const { tickets } = this.#header;
    const ticket = Atomics.add(tickets, 0, 1);
    if (ticket < 0 || ticket >= Math.floor(idCountMax / this.capacity)) {
      Atomics.sub(tickets, 0, 1);
      throw full(`all of the ${idCountMax} ids are used up`, false);
    }
    for (let step = 0; step < this.capacity; step++) {
      // Starting elsewhere each time keeps a slot unused for long after a death.
      const slot = (ticket + step) % this.capacity;
      const id = ticket * this.capacity + slot + 1;
      if (Atomics.compareExchange(this.#living, slot, 0, id) === 0) return id as MemberId;
    }
    throw full(`${this.capacity} members are alive`, true);
  }

  /** Marks a member dead and wakes all who wait. Harmless when repeated. */
  leave(member: MemberId): void {
    const slot = this.slotOf(member);
    if (Atomics.load(this.#living, slot) !== member) return;
    // First the name of the dead, then the death: whoever sees the slot free finds the name there.
    let last = Atomics.load(this.#dead, slot);
    while (last < member) last = Atomics.compareExchange(this.#dead, slot, last, member);
    if (Atomics.compareExchange(this.#living, slot, member, 0) !== member) return;
    Atomics.add(this.#header.deaths, 0, 1);
    Atomics.notify(this.#header.deaths, 0);
  }

  /** Whether the member is alive. One read of shared memory. */
  isAlive(member: MemberId): boolean {
    return Atomics.load(this.#living, this.slotOf(member)) === member;
  }

  /** The member's slot, from 0 to `capacity - 1`: where to keep what belongs to it, such as its list of held locks. */
  slotOf(member: MemberId): number {
    if (!Number.isInteger(member) || member < 1 || member > idCountMax)
      throw new RangeError(`Member id must be an integer from 1 to ${idCountMax}: received ${member}`);
    return (member - 1) % this.capacity;
  }

  /** All who are alive. */
  members(): MemberId[] {
    const alive: MemberId[] = [];
    for (let slot = 0; slot < this.capacity; slot++) {
      const id = Atomics.load(this.#living, slot);
      if (id !== 0) alive.push(id as MemberId);
    }
    return alive;
  }

  /**
   * Calls `onDeath` for each member that dies from now on, in this thread's event loop, until disposed. It does not keep the
   * thread alive. Where members of one slot die faster than this thread looks, it is told of the last: the earlier ones of
   * that slot are dead as well.
   */
  watch(onDeath: (member: MemberId) => void): Disposable {
    const watch = { stopped: false };
    void this.#watch(onDeath, watch);
    return {
      [Symbol.dispose](): void {
        watch.stopped = true;
      },
    };
  }

  /**
   * Settles when the member is dead, at once if it is already.
   *
   * @throws QuorateError `ABORTED`, `DEADLINE_EXCEEDED`
   */
  async died(member: MemberId, options: WaitOptions = {}): Promise<void> {
    const { deaths } = this.#header;
    using limit = linkSignal(systemClock, { deadlineMs: options.deadlineMs, outcome: 'not-applied' });
    for (;;) {
      const seen = Atomics.load(deaths, 0);
      if (!this.isAlive(member)) return;
      limit.throwIfAborted();
      await parkAsync(deaths, 0, seen, { signal: options.signal, deadlineMs: limit.remainingMs() });
    }
  }

  async #watch(onDeath: (member: MemberId) => void, watch: { readonly stopped: boolean }): Promise<void> {
    const { deaths } = this.#header;
    let seen = Atomics.load(deaths, 0);
    const before = this.#dead.slice();
    while (!watch.stopped) {
      await parkAsync(deaths, 0, seen, { keepAlive: false });
      seen = Atomics.load(deaths, 0);
      for (let slot = 0; slot < this.capacity && !watch.stopped; slot++) {
        const last = Atomics.load(this.#dead, slot);
        // The name is written before the death: not yet dead means that another wake follows.
        if (last === before[slot] || this.isAlive(last as MemberId)) continue;
        before[slot] = last;
        onDeath(last as MemberId);
      }
    }
  }
}

/**
 * Makes a team.
 *
 * @param capacity how many members can be alive at a time, from 1 to 65,536. Default 64; 8 bytes each
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
  const buffer = new SharedArrayBuffer(Header.size + capacity * 8);
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
