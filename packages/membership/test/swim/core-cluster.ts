import { type NodeId, type Random, nodeId, seededRandom } from '@quorate/core';
import {
  type MemberChange,
  type MemberView,
  type SwimOptions,
  type SwimTuning,
  Swim,
  tuningOf,
} from '../../src/index.ts';
import { TimeHeap } from './time-heap.ts';

/** How a cluster of cores is made. */
export interface CoreClusterOptions {
  readonly seed: string;
  readonly count: number;
  readonly preset?: 'local' | 'lan' | 'wan';
  readonly tuning?: Partial<SwimTuning>;
  /** One way of a message. Default 1 ms to 5 ms. */
  readonly latencyMs?: (random: Random) => number;
  /** Whether a message arrives. Default: all do. */
  readonly delivers?: (from: number, to: number, random: Random) => boolean;
  readonly detectorOf?: SwimOptions['detectorOf'];
  /** Whether cores are told how late they run. Default `true`. */
  readonly reportsDelay?: boolean;
}

/** One core in its place: whether it runs, and what waits for it while it does not. */
interface Seat {
  readonly id: NodeId;
  readonly random: Random;
  swim: Swim;
  isUp: boolean;
  /** When it runs again; 0 while it runs. */
  blockedUntilMs: number;
  /** Until when no message goes in or out although it runs; 0 while they do. */
  stalledUntilMs: number;
  readonly waiting: { from: NodeId; bytes: Uint8Array }[];
  /** When its next tick stands in the queue. */
  tickMs: number;
}

/**
 * Pure cores in one event loop, with nothing between them but a queue ordered by time: what runs a thousand members for an
 * hour within a minute. Latencies and losses are drawn; a member can be blocked, as a starved process is: its timers are late
 * and what was sent to it waits, and once it runs again its timers come first, as they do in Node.
 */
export class CoreCluster {
  readonly seats: readonly Seat[];
  readonly changes: { readonly at: number; readonly atMs: number; readonly change: MemberChange }[] = [];
  nowMs = 0;
  messageCount = 0;
  eventCount = 0;
  readonly #options: CoreClusterOptions;
  readonly #tuning: SwimTuning;
  readonly #random: Random;
  readonly #queue: TimeHeap<What> = new TimeHeap();
  readonly #places: Map<NodeId, number> = new Map();
  /** Whether changes are kept; a long run counts only. */
  keepsChanges = true;
  onChange: (at: number, change: MemberChange) => void = () => {};

  constructor(options: CoreClusterOptions) {
    this.#options = options;
    this.#tuning = tuningOf(options.preset ?? 'lan', options.tuning);
    this.#random = seededRandom(options.seed);
    this.seats = Array.from({ length: options.count }, (_, at) => {
      const id = nodeId(`node-${at}`);
      this.#places.set(id, at);
      const random = this.#random.fork(id);
      return {
        id,
        random,
        swim: this.#swim(id, random, 1, at),
        isUp: false,
        blockedUntilMs: 0,
        stalledUntilMs: 0,
        waiting: [],
        tickMs: Number.POSITIVE_INFINITY,
      };
    });
  }

  /** Starts a member, which joins by the first one; again after a crash, with nothing of what it knew. */
  start(at: number, incarnation: number = Math.floor(this.nowMs)): void {
    const seat = this.seat(at);
    if (seat.isUp) return;
    seat.swim = this.#swim(seat.id, seat.random, incarnation, at);
    seat.isUp = true;
    seat.tickMs = Number.POSITIVE_INFINITY;
    seat.swim.join(this.nowMs);
    this.#flush(at);
  }

  startAll(): void {
    for (let at = 0; at < this.seats.length; at++) this.start(at);
  }

  crash(at: number): void {
    const seat = this.seat(at);
    seat.isUp = false;
    seat.waiting.length = 0;
    seat.blockedUntilMs = 0;
    seat.stalledUntilMs = 0;
  }

  /** Calls a core's input, and does what comes of it. */
  use(at: number, input: (swim: Swim, nowMs: number) => void): void {
    input(this.seat(at).swim, this.nowMs);
    this.#flush(at);
  }

  /** Stops a member for a while. */
  block(at: number, durationMs: number): void {
    const seat = this.seat(at);
    if (!seat.isUp) return;
    seat.blockedUntilMs = this.nowMs + durationMs;
    this.#queue.push(seat.blockedUntilMs, at, { wakes: seat.swim });
  }

  /**
   * Holds back what a member sends and what is sent to it for a while; its timers run. That is a process whose handling of
   * messages is starved, as Lifeguard's experiments make it (§V).
   */
  stall(at: number, durationMs: number): void {
    const seat = this.seat(at);
    if (!seat.isUp) return;
    seat.stalledUntilMs = this.nowMs + durationMs;
    this.#queue.push(seat.stalledUntilMs, at, { wakes: seat.swim });
  }

  /** Calls back at a time. */
  at(timeMs: number, call: () => void): void {
    this.#queue.push(timeMs, -1, { call });
  }

  run(durationMs: number): void {
    const endMs = this.nowMs + durationMs;
    for (;;) {
      const event = this.#queue.popBefore(endMs);
      if (event === undefined) break;
      this.nowMs = Math.max(this.nowMs, event.timeMs);
      this.eventCount++;
      this.#handle(event.place, event.what);
    }
    this.nowMs = endMs;
  }

  /** Runs until it is so; fails where it is not in time. */
  until(isSo: () => boolean, withinMs: number, stepMs = 100): void {
    const endMs = this.nowMs + withinMs;
    while (!isSo()) {
      if (this.nowMs >= endMs) throw new Error(`Not so within ${withinMs} simulated ms`);
      this.run(stepMs);
    }
  }

  /** Whether every member that runs sees exactly those that run. */
  isSettled(): boolean {
    const up = this.seats.filter(seat => seat.isUp);
    const expected = up
      .map(seat => seat.id)
      .sort()
      .join();
    return up.every(seat => {
      if (seat.swim.liveCount !== up.length) return false;
      return living(seat.swim) === expected;
    });
  }

  seat(at: number): Seat {
    return this.seats[at] as Seat;
  }

  swim(at: number): Swim {
    return this.seat(at).swim;
  }

  /** What one member believes of another. */
  view(at: number, of: number): MemberView | undefined {
    return this.swim(at).member(this.seat(of).id);
  }

  /** What the members were told, as `who: type of whom`. */
  told(type: MemberChange['type']): { at: number; of: number; atMs: number }[] {
    return this.changes
      .filter(({ change }) => change.type === type)
      .map(({ at, atMs, change }) => ({ at, of: this.#places.get(change.member.id) as number, atMs }));
  }

  #swim(self: NodeId, random: Random, incarnation: number, at: number): Swim {
    return new Swim({
      self,
      incarnation,
      life: random.below(2 ** 31),
      random,
      seeds:
        at === 0
          ? [nodeId('node-1'), nodeId('node-2')].slice(0, this.#options.count - 1)
          : [nodeId('node-0')],
      meta: new Uint8Array(0),
      address: '',
      tuning: this.#tuning,
      detectorOf: this.#options.detectorOf,
      nowMs: this.nowMs,
    });
  }

  #handle(place: number, what: What): void {
    if ('call' in what) {
      what.call();
      return;
    }
    const seat = this.seat(place);
    if ('wakes' in what) {
      if (seat.swim === what.wakes) this.#wake(place, seat);
      return;
    }
    if (!seat.isUp) return;
    if ('tick' in what) {
      if (what.tick !== seat.swim || seat.tickMs > this.nowMs) return;
      seat.tickMs = Number.POSITIVE_INFINITY;
      if (seat.blockedUntilMs > this.nowMs) return;
      seat.swim.tick(this.nowMs);
    } else if (Math.max(seat.blockedUntilMs, seat.stalledUntilMs) > this.nowMs) {
      seat.waiting.push(what);
      return;
    } else seat.swim.receive(what.from, what.bytes, this.nowMs);
    this.#flush(place);
  }

  /** Timers first, then what waited in the sockets. */
  #wake(place: number, seat: Seat): void {
    if (!seat.isUp || Math.max(seat.blockedUntilMs, seat.stalledUntilMs) > this.nowMs) return;
    seat.blockedUntilMs = 0;
    seat.stalledUntilMs = 0;
    const lateMs = this.nowMs - seat.swim.dueMs;
    if (lateMs > 0 && this.#options.reportsDelay !== false) seat.swim.delayed(lateMs, this.nowMs);
    seat.swim.tick(this.nowMs);
    for (const { from, bytes } of seat.waiting.splice(0)) seat.swim.receive(from, bytes, this.nowMs);
    this.#flush(place);
  }

  #flush(at: number): void {
    const seat = this.seat(at);
    const effects = seat.swim.takeEffects();
    if (effects !== undefined) {
      for (const change of effects.changes) {
        this.onChange(at, change);
        if (this.keepsChanges) this.changes.push({ at, atMs: this.nowMs, change });
      }
      const { latencyMs, delivers } = this.#options;
      for (const { to, bytes } of effects.messages) {
        const place = this.#places.get(to);
        if (place === undefined) continue;
        this.messageCount++;
        if (delivers !== undefined && !delivers(at, place, this.#random)) continue;
        const delayMs = latencyMs?.(this.#random) ?? 1 + this.#random.float() * 4;
        this.#queue.push(Math.max(this.nowMs, seat.stalledUntilMs) + delayMs, place, {
          from: seat.id,
          bytes,
        });
      }
    }
    const dueMs = seat.swim.dueMs;
    if (dueMs >= seat.tickMs) return;
    seat.tickMs = dueMs;
    this.#queue.push(dueMs, at, { tick: seat.swim });
  }
}

type What =
  | { readonly call: () => void }
  | { readonly wakes: Swim }
  | { readonly tick: Swim }
  | { readonly from: NodeId; readonly bytes: Uint8Array };

/** Who lives, as one member knows it. */
export function living(swim: Swim): string {
  return [...swim.members()]
    .filter(({ state }) => state === 'alive' || state === 'suspect')
    .map(({ id }) => id)
    .sort()
    .join();
}
