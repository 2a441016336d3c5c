import type { NewMessage, Settlement } from '../../src/index.ts';

/** A message of the naive queue. */
export interface NaiveMessage {
  readonly id: string;
  queue: string;
  readonly text: string;
  readonly lane: number;
  readonly key: string | undefined;
  readonly keyActiveMax: number;
  /** When it was put into its queue: the order of keys. */
  place: number;
  turn: number;
  readyAtMs: number;
  token: number;
  leasedUntilMs: number | undefined;
  deliveryCount: number;
  attemptCount: number;
  /** Whether it was ever let out: from then on it counts among its key's. */
  isOut: boolean;
}

/** What a queue is, said as plainly as possible: one list that is looked through each time. */
export class NaiveQueue {
  messages: NaiveMessage[] = [];
  #next = 0;

  put(queue: string, id: string, text: string, message: Omit<NewMessage, 'body'>, nowMs: number): boolean {
    this.#letOut();
    if (this.messages.some(each => each.queue === queue && each.id === id)) return false;
    const place = ++this.#next;
    const readyAtMs = Math.max(nowMs, message.readyAtMs ?? nowMs + (message.delayMs ?? 0));
    const { lane = 0, key, keyActiveMax = 1 } = message;
    const times = { place, turn: place, readyAtMs, token: 0, leasedUntilMs: undefined };
    const counts = { deliveryCount: 0, attemptCount: 0, isOut: false };
    this.messages.push({ id, queue, text, lane, key, keyActiveMax, ...times, ...counts });
    this.#letOut();
    return true;
  }

  lease(
    queue: string,
    lanes: readonly number[],
    messagesMax: number,
    leaseMs: number,
    startedMax: number,
    nowMs: number,
  ): NaiveMessage[] {
    this.#endLeases(nowMs);
    const ready = this.messages.filter(
      each =>
        each.queue === queue && each.isOut && each.leasedUntilMs === undefined && each.readyAtMs <= nowMs,
    );
    const chosen = lanes.flatMap(lane =>
      ready
        .filter(each => each.lane === lane)
        .sort((one, other) => one.readyAtMs - other.readyAtMs || one.turn - other.turn),
    );
    const leased = chosen.slice(0, messagesMax);
    for (const [index, message] of leased.entries()) {
      if (index < startedMax) message.attemptCount++;
      message.token = ++this.#next;
      message.deliveryCount++;
      message.leasedUntilMs = nowMs + leaseMs;
    }
    return leased.map(message => ({ ...message }));
  }

  extend(
    queue: string,
    id: string,
    token: number,
    leaseMs: number,
    started: boolean,
    nowMs: number,
  ): boolean {
    this.#endLeases(nowMs);
    const message = this.#held(queue, id, token);
    if (message === undefined) return false;
    if (started) message.attemptCount++;
    message.leasedUntilMs = nowMs + leaseMs;
    return true;
  }

  settle(queue: string, id: string, token: number, action: Settlement['action'], nowMs: number): boolean {
    this.#endLeases(nowMs);
    const message = this.#held(queue, id, token);
    if (message === undefined) return false;
    if (action.type === 'release') {
      message.leasedUntilMs = undefined;
      message.token = message.turn = ++this.#next;
      message.readyAtMs = nowMs + action.delayMs;
      if (action.unstarted === true) message.attemptCount = Math.max(0, message.attemptCount - 1);
      return true;
    }
    this.remove(queue, id);
    if (action.type === 'move') {
      const isTaken = this.messages.some(each => each.queue === action.queue && each.id === id);
      const { text, lane, key, keyActiveMax } = message;
      const rest = { lane, keyActiveMax, ...(key === undefined ? {} : { key }) };
      this.put(action.queue, isTaken ? `moved ${this.#next}` : id, text, rest, nowMs);
    }
    return true;
  }

  remove(queue: string, id: string): boolean {
    const before = this.messages.length;
    this.messages = this.messages.filter(each => each.queue !== queue || each.id !== id);
    this.#letOut();
    return this.messages.length < before;
  }

  #held(queue: string, id: string, token: number): NaiveMessage | undefined {
    return this.messages.find(
      each => each.queue === queue && each.id === id && each.token === token && token > 0,
    );
  }

  #endLeases(nowMs: number): void {
    for (const message of this.messages) {
      if (message.leasedUntilMs !== undefined && message.leasedUntilMs <= nowMs)
        message.leasedUntilMs = undefined;
    }
  }

  /** As many of each key as may be out, those that were put first. */
  #letOut(): void {
    for (const message of this.messages.toSorted((one, other) => one.place - other.place)) {
      if (message.isOut) continue;
      const others = this.messages.filter(each => each.queue === message.queue && each.key === message.key);
      const isHeldBack = others.some(each => !each.isOut && each.place < message.place);
      const outCount = others.filter(each => each.isOut).length;
      if (message.key === undefined || (!isHeldBack && outCount < message.keyActiveMax)) message.isOut = true;
    }
  }
}
