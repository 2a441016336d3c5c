import type { Clock } from '@quorate/core';
import { beforehand, type Model, must, type Program } from '@quorate/interleaving';
import type { MemberId } from '@quorate/threads';
import { type PlacedQueue, placeQueue, queueBytes } from '../../src/shared/queue-place.ts';
import { type MessageSlot, type Seat, ThreadQueue } from '../../src/shared/index.ts';
import { full, isClaimed, isLeased, isOwned, ownerOf } from '../../src/shared/slot-word.ts';

/** A deadline never passes by itself here: that it does is one of the choices. */
const clock = { monotonicMs: () => 0 } as Partial<Clock> as Clock;

/** Words for the test: who was killed; by message, whether `push` returned, and how often it was read. */
const [killed, pushed, read] = [0, 4, 12];

/** What a thread of a model does. */
export interface Part {
  readonly mortal?: boolean;
  readonly deadlineMs?: number;
}

/**
 * One memory with a team, words for the test to check by, and a queue of four slots. Members are numbered from 1, messages too:
 * a message is its number.
 */
export class QueueModel {
  readonly memory: SharedArrayBuffer;
  readonly check: Int32Array;
  readonly #team: Int32Array;
  readonly #placed: PlacedQueue;

  /** @param initial messages that are in the queue when the model begins */
  constructor(members: number, initial: readonly number[] = []) {
    const size = { capacity: 4, messageBytes: 4 };
    this.memory = new SharedArrayBuffer(512 + queueBytes(size));
    this.#team = new Int32Array(this.memory, 0, members);
    for (let member = 1; member <= members; member++) this.#team[member - 1] = member;
    this.check = new Int32Array(this.memory, 128, 40);
    this.#placed = placeQueue(size, { buffer: this.memory, byteOffset: 512 });
    const first = this.queue(1);
    for (const message of initial) this.#write(first, message);
  }

  /** The queue as a member sees it. */
  queue(member: number, watch: Seat['team']['watch'] = () => ({ [Symbol.dispose]() {} })): ThreadQueue {
    const isAlive = (id: number): boolean => Atomics.load(this.#team, id - 1) === id;
    return ThreadQueue.attach(this.#placed.place, {
      team: { isAlive, watch },
      member: member as MemberId,
      spins: 0,
      clock,
    });
  }

  producer(member: number, messages: readonly number[], { mortal = false, deadlineMs }: Part = {}): Program {
    return {
      name: `producer${member}`,
      mortal,
      run: () => {
        const queue = beforehand(() => this.queue(member));
        for (const message of messages) if (!inTime(() => this.#write(queue, message, deadlineMs))) return;
      },
    };
  }

  /** Reads so many messages, or until the end, or for ever. */
  consumer(
    member: number,
    count = Number.POSITIVE_INFINITY,
    { mortal = false, deadlineMs, inOrder = false }: Part & { readonly inOrder?: boolean } = {},
  ): Program {
    return {
      name: `consumer${member}`,
      mortal,
      run: () => {
        const queue = beforehand(() => this.queue(member));
        let last = 0;
        for (let done = 0; done < count; done++) {
          const options = deadlineMs === undefined ? {} : { deadlineMs };
          const note = ({ words, wordOffset }: MessageSlot): void => {
            const message = Atomics.load(words, wordOffset);
            must(!inOrder || message > last, `Message ${message} was read after ${last}`);
            last = message;
            this.#note(message);
          };
          if (!inTime(() => queue.read(note, options) > 0)) return;
        }
      },
    };
  }

  closer(member: number): Program {
    return { name: `closer${member}`, run: () => beforehand(() => this.queue(member)).close() };
  }

  /** What a spawner does at the `death`th death: says so, and everybody who watches is told. */
  undertaker(death: number, member: number): Program {
    return {
      name: `undertaker${death}`,
      afterDeaths: death,
      run: () => {
        let tell = (): void => {};
        beforehand(() =>
          this.queue(member, onDeath => {
            tell = () => onDeath(0 as MemberId);
            return { [Symbol.dispose]() {} };
          }),
        );
        const slot = Atomics.load(this.check, killed + death - 1) - 1;
        Atomics.store(this.#team, slot, -(slot + 1));
        tell();
      },
    };
  }

  /** A model of programs, the one at index `i` being member `i + 1`. */
  model(programs: readonly Program[], more: Partial<Model> = {}): Model {
    return {
      memory: this.memory,
      programs,
      // Who lives is no question where nobody dies.
      ignored: index => more.kills === undefined && index < this.#team.length,
      onKill: (program, words) => {
        const first = this.check.byteOffset / 4 + killed;
        words[words[first] === 0 ? first : first + 1] = program + 1;
      },
      maySleep: words => this.#isIdle(words),
      atEnd: (words, dead) => this.#atEnd(words, dead),
      ...more,
    };
  }

  #write(queue: ThreadQueue, message: number, deadlineMs?: number): boolean {
    const options = deadlineMs === undefined ? {} : { deadlineMs };
    queue.write(4, ({ words, wordOffset }) => Atomics.store(words, wordOffset, message), options);
    Atomics.store(this.check, pushed + message, 1);
    return true;
  }

  #note(message: number): void {
    must(message > 0, 'A message was read that nobody wrote');
    Atomics.add(this.check, read + message, 1);
  }

  /** Whoever waits for a message waits rightly: there is none, nor will there be. */
  #isIdle(words: Int32Array): boolean {
    return this.#states(words).every(state => state >= 0 && state < full);
  }

  #states(words: Int32Array): number[] {
    const { firstWord, strideWords, capacity } = this.#placed;
    return Array.from({ length: capacity }, (_, slot) => words[firstWord + slot * strideWords] as number);
  }

  #atEnd(words: Int32Array, dead: readonly boolean[]): void {
    const check = words.subarray(this.check.byteOffset / 4);
    const consumersDied = dead.some(each => each);
    const ready = this.#states(words).filter(state => state >= full).length;
    let lost = 0;
    for (let message = 1; message < 8; message++) {
      const times = check[read + message] as number;
      if (check[pushed + message] === 1 && times === 0) lost++;
      must(times <= (consumersDied ? 2 : 1), `Message ${message} was read ${times} times`);
    }
    must(lost === ready, `Messages that were pushed and not read: ${lost}; that are left: ${ready}`);
    for (const state of this.#states(words))
      must(
        !isOwned(state) || dead[ownerOf(state) - 1] === true,
        `A slot stays ${isClaimed(state) ? 'claimed' : 'leased'} (${isLeased(state)})`,
      );
  }
}

/** False where the deadline passed, or the queue was closed. */
function inTime(wait: () => boolean): boolean {
  try {
    return wait();
  } catch (thrown) {
    const { code } = thrown as { code?: string };
    if (code === 'DEADLINE_EXCEEDED' || code === 'CLOSED') return false;
    throw thrown;
  }
}

/** How many random walks: a hundred times as many where there is time. */
export function walks(count: number): number {
  return process.env['QUORATE_LONG'] === undefined ? count : count * 100;
}
