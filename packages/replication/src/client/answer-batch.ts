import type { WaitOptions } from '@quorate/core';
import { NotLeaderError } from '../replica/replica-error.ts';
import type { Replica } from '../replica/replica.ts';
import { writeUint32 } from '../wire/uint48.ts';
import { encodeError } from './batch-codec.ts';
import { encodeNotLeader } from './call-codec.ts';

/** Calls of one kind: how they are asked, and their answers written down. */
export interface BatchKind<Value> {
  /** May throw, too. */
  ask(replica: Replica, item: Uint8Array, limits: WaitOptions): Promise<Value>;
  byteCount(value: Value): number;
  /** What is told of an error of `ask`. Default: the error itself. */
  told?(error: unknown): unknown;
  /** Into zeros from `at` on. */
  write(target: Uint8Array, at: number, value: Value): void;
}

/** An error, as it travels. */
class Refusal {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

const nobodyLeads = new Refusal(encodeNotLeader(undefined));

/**
 * Calls that came in one request, each of which is answered for itself, and all of them in one answer: it is written in one
 * piece when the last is there, since a promise and a buffer for each step of each would cost more than the calls.
 */
export class AnswerBatch<Value extends object> {
  readonly #kind: BatchKind<Value>;
  readonly #replica: Replica;
  readonly #items: readonly Uint8Array[];
  readonly #answers: (Value | Refusal)[];
  #missing = 0;
  #onEnd: (() => void) | undefined;

  constructor(kind: BatchKind<Value>, replica: Replica, items: readonly Uint8Array[]) {
    this.#kind = kind;
    this.#replica = replica;
    this.#items = items;
    this.#answers = items.map(() => nobodyLeads);
  }

  /**
   * Asks for everything that nobody has answered. Never rejects.
   *
   * @returns whether all of it is answered: what was refused because nobody leads is not, and may be asked for again
   */
  async ask(limits: WaitOptions): Promise<boolean> {
    const end = new Promise<void>(resolve => (this.#onEnd = resolve));
    // One more, or what fails at once would be the end before all were asked.
    this.#missing = 1;
    for (let at = 0; at < this.#items.length; at++) {
      if (this.#answers[at] === nobodyLeads) this.#askOne(at, limits);
    }
    this.#settled();
    await end;
    return !this.#answers.includes(nobodyLeads);
  }

  /** All answers, as of a batch. */
  encode(): Uint8Array {
    let byteCount = 0;
    for (const answer of this.#answers) byteCount += 4 + this.#byteCount(answer);
    const bytes = new Uint8Array(byteCount);
    let at = 0;
    for (const answer of this.#answers) {
      const length = this.#byteCount(answer);
      writeUint32(bytes, at, length);
      at += 4;
      if (answer instanceof Refusal) bytes.set(answer.bytes, at);
      else this.#kind.write(bytes, at, answer);
      at += length;
    }
    return bytes;
  }

  #askOne(at: number, limits: WaitOptions): void {
    this.#missing++;
    let answer: Promise<Value>;
    try {
      answer = this.#kind.ask(this.#replica, this.#items[at] as Uint8Array, limits);
    } catch (error) {
      this.#refused(at, error);
      return;
    }
    answer.then(
      value => {
        this.#answers[at] = value;
        this.#settled();
      },
      (error: unknown) => this.#refused(at, error),
    );
  }

  #refused(at: number, error: unknown): void {
    this.#answers[at] = refusalOf(this.#kind.told?.(error) ?? error);
    this.#settled();
  }

  #settled(): void {
    this.#missing--;
    if (this.#missing === 0) this.#onEnd?.();
  }

  #byteCount(answer: Value | Refusal): number {
    return answer instanceof Refusal ? answer.bytes.length : this.#kind.byteCount(answer);
  }
}

function refusalOf(error: unknown): Refusal {
  if (!(error instanceof NotLeaderError)) return new Refusal(encodeError(error));
  return error.leader === undefined ? nobodyLeads : new Refusal(encodeNotLeader(error.leader));
}
