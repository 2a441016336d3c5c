import type { MessageId } from '../ids.ts';
import { Fifo } from './fifo.ts';
import { Lane } from './lane.ts';
import type { QueuedMessage } from './queued-message.ts';

/** The messages of one key: how many of them are out, which is waiting in a lane or leased, and who is held behind them. */
interface KeyChain {
  outCount: number;
  readonly held: Fifo<QueuedMessage>;
}

/**
 * One queue's messages: which may be leased next, and which are held until others of their key are gone. It knows neither time
 * nor tokens.
 */
export class QueueCell {
  readonly name: string;
  /** In the order in which they were put. */
  readonly messages: Map<MessageId, QueuedMessage> = new Map();
  readonly #lanes: (Lane | undefined)[] = [];
  readonly #chains = new Map<string, KeyChain>();

  constructor(name: string) {
    this.name = name;
  }

  /** Takes a new message in, behind the others of its key. */
  add(message: QueuedMessage, nowMs: number): void {
    this.messages.set(message.id, message);
    if (message.key === undefined) {
      this.wait(message, nowMs);
      return;
    }
    const chain = this.#chainOf(message.key);
    message.where = 'held';
    chain.held.add(message);
    this.#letOut(message.key, chain, nowMs);
  }

  /** Takes in a message of an image as it stands there, in the order in which they were put. */
  restore(message: QueuedMessage, nowMs: number): void {
    this.messages.set(message.id, message);
    if (message.key !== undefined) {
      const chain = this.#chainOf(message.key);
      if (message.where === 'held') chain.held.add(message);
      else chain.outCount++;
    }
    if (message.where === 'waiting') this.wait(message, nowMs);
  }

  /** Puts one that is out into its lane. */
  wait(message: QueuedMessage, nowMs: number): void {
    message.where = 'waiting';
    (this.#lanes[message.arrival.lane] ??= new Lane()).add(message, nowMs);
  }

  /** Takes out the first message of the lanes that is ready; undefined where none is. */
  takeReady(lanes: readonly number[] | undefined, nowMs: number): QueuedMessage | undefined {
    const count = lanes?.length ?? this.#lanes.length;
    for (let place = 0; place < count; place++) {
      const first = this.#lanes[lanes === undefined ? place : (lanes[place] as number)]?.takeReady(nowMs);
      if (first !== undefined) return first;
    }
    return undefined;
  }

  /** When the next message of the lanes is ready, if nothing comes or goes; undefined where none waits. */
  nextReadyAtMs(lanes?: readonly number[]): number | undefined {
    let next: number | undefined;
    for (const [index, lane] of this.#lanes.entries()) {
      if (lanes?.includes(index) === false) continue;
      const readyAtMs = lane?.first()?.readyAtMs;
      if (readyAtMs !== undefined && (next === undefined || readyAtMs < next)) next = readyAtMs;
    }
    return next;
  }

  /**
   * Takes one that waits out of its lane, wherever it stands there.
   *
   * @returns what stands for it from now on: what its lane still knows is `gone`
   */
  withdraw(message: QueuedMessage): QueuedMessage {
    const successor = message.copy();
    this.messages.set(message.id, successor);
    message.where = 'gone';
    this.#lanes[message.arrival.lane]?.noteGone();
    return successor;
  }

  /** Takes a message out for good, whatever its state, and lets the next of its key out. */
  remove(message: QueuedMessage, nowMs: number): void {
    this.messages.delete(message.id);
    const { where, key } = message;
    message.where = 'gone';
    if (where === 'waiting') this.#lanes[message.arrival.lane]?.noteGone();
    if (key === undefined) return;
    const chain = this.#chains.get(key) as KeyChain;
    if (where !== 'held') chain.outCount--;
    this.#letOut(key, chain, nowMs);
  }

  #chainOf(key: string): KeyChain {
    const chain = this.#chains.get(key) ?? { outCount: 0, held: new Fifo<QueuedMessage>() };
    this.#chains.set(key, chain);
    return chain;
  }

  #letOut(key: string, chain: KeyChain, nowMs: number): void {
    for (;;) {
      const next = chain.held.first();
      if (next === undefined) break;
      if (next.where !== 'gone') {
        if (chain.outCount >= next.arrival.keyActiveMax) break;
        chain.outCount++;
        this.wait(next, nowMs);
      }
      chain.held.takeFirst();
    }
    if (chain.outCount === 0 && chain.held.size === 0) this.#chains.delete(key);
  }
}
