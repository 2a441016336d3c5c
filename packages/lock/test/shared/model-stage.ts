import type { Clock } from '@quorate/core';
import { type Model, must, type Program } from '@quorate/interleaving';
import type { MemberId } from '@quorate/threads';
import { type LockKind, type PlacedLock, bytesOf, placeLock } from '../../src/shared/lock-place.ts';
import { MutexCore } from '../../src/shared/mutex-core.ts';
import { MutexHold, ownerDiedFlag } from '../../src/shared/mutex-hold.ts';
import type { Placed } from '../../src/shared/placing.ts';
import type { Seat } from '../../src/shared/seat.ts';

/** A deadline never passes by itself here: that it does is one of the choices. */
const clock = { monotonicMs: () => 0 } as Partial<Clock> as Clock;

/** How the locks of a model are made. */
export interface StageOptions {
  readonly kind: LockKind;
  readonly slots?: number;
  readonly members: number;
  readonly cells?: number;
  readonly handOffEvery?: number;
}

/**
 * One memory with a team, some words for the test to check by, and locks. Members are numbered from 1.
 *
 * Words of the test: what of it says who was killed last, then eight for its own use.
 */
export class ModelStage {
  readonly memory: SharedArrayBuffer;
  readonly check: Int32Array;
  readonly locks: readonly PlacedLock[];
  readonly #team: Int32Array;
  readonly #counters: ReadonlySet<number>;

  constructor(...options: readonly StageOptions[]) {
    const members = Math.max(...options.map(each => each.members));
    const sizes = options.map(({ kind, slots = 1, cells = members }) => ({
      kind,
      slots,
      capacity: members,
      cells,
    }));
    let offset = 256;
    const offsets = sizes.map(size => {
      const at = offset;
      offset += bytesOf(size);
      return at;
    });
    this.memory = new SharedArrayBuffer(offset);
    this.#team = new Int32Array(this.memory, 0, members);
    for (let member = 1; member <= members; member++) this.#team[member - 1] = member;
    this.check = new Int32Array(this.memory, 128, 16);
    this.locks = sizes.map((size, index) =>
      placeLock(size, {
        name: size.kind,
        handOffEvery: options[index]?.handOffEvery ?? 2,
        buffer: this.memory,
        byteOffset: offsets[index],
      }),
    );
    const first = (words: Int32Array): number => words.byteOffset / 4;
    this.#counters = new Set(
      this.locks.flatMap(({ words }) => [0, 1, 2, 3].map(at => first(words.counters) + at)),
    );
  }

  /** A lock as a member sees it. */
  placed(member: number, lock = 0): Placed {
    const team: Seat['team'] = {
      capacity: this.#team.length,
      slotOf: id => id - 1,
      isAlive: id => Atomics.load(this.#team, id - 1) === id,
      watch: () => ({ [Symbol.dispose]() {} }),
    };
    return {
      lock: this.locks[lock] as PlacedLock,
      seat: { team, member: member as MemberId, spins: 0, clock },
    };
  }

  /** What a spawner does at the `death`th death: says so, and cleans up. */
  undertaker(death: number, sweep: () => void): Program {
    return {
      name: `undertaker${death}`,
      afterDeaths: death,
      run: () => {
        const slot = Atomics.load(this.check, 8 + death - 1) - 1;
        Atomics.store(this.#team, slot, -(slot + 1));
        sweep();
      },
    };
  }

  /** A model of programs, the one at index `i` being member `i + 1`. */
  model(programs: readonly Program[], more: Partial<Model> = {}): Model {
    return {
      memory: this.memory,
      programs,
      // Who lives is no question where nobody dies.
      ignored: index => this.#counters.has(index) || (more.kills === undefined && index < this.#team.length),
      onKill: (program, words) => {
        const killed = this.check.byteOffset / 4 + 8;
        words[words[killed] === 0 ? killed : killed + 1] = program + 1;
      },
      ...more,
    };
  }
}

/** How many random walks: a thousand times as many where there is time. */
export function walks(count: number): number {
  return process.env['QUORATE_LONG'] === undefined ? count : count * 1000;
}

/** What a thread does that takes a mutex. */
export interface Visits {
  readonly visits?: number;
  readonly deadlineMs?: number;
  readonly mortal?: boolean;
}

/** Takes the mutex some times; each time it must be alone in there, or be told that somebody died there. */
export function visitor(
  stage: ModelStage,
  member: number,
  { visits = 1, deadlineMs, mortal = false }: Visits,
): Program {
  return {
    name: `m${member}`,
    mortal,
    phases: visits,
    run() {
      const core = new MutexCore(stage.placed(member));
      const taken = inTime(() => core.take(deadlineMs === undefined ? {} : { deadlineMs }));
      if (taken === undefined) return;
      const hold = new MutexHold(core, (taken & ownerDiedFlag) !== 0);
      if (hold.ownerDied) {
        Atomics.store(stage.check, 0, 0);
        hold.consistent();
      }
      must(Atomics.add(stage.check, 0, 1) === 0, 'Two are in, or a death was not told');
      Atomics.sub(stage.check, 0, 1);
      hold.release();
    },
  };
}

/** `undefined` where the deadline passed. */
export function inTime<Value>(wait: () => Value): Value | undefined {
  try {
    return wait();
  } catch (thrown) {
    if ((thrown as { code?: string }).code === 'DEADLINE_EXCEEDED') return undefined;
    throw thrown;
  }
}

/** At the end nobody is in any room, and what is owned is the dead's. */
export function nothingLeft(stage: ModelStage): (words: Int32Array, dead: readonly boolean[]) => void {
  return (words, dead) => {
    for (const lock of stage.locks) {
      const now = (view: Int32Array): number[] => [
        ...words.subarray(view.byteOffset / 4, view.byteOffset / 4 + view.length),
      ];
      for (const owner of now(lock.words.owners))
        must(owner === 0 || dead[owner - 1] === true, `Stays taken: ${owner}`);
      for (const state of now(lock.words.states)) must(state === 0, `A cell stays taken: ${state}`);
    }
  };
}
