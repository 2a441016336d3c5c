import type { Finding } from '../scenario.ts';
import type { TraceDetail } from '../trace/trace-event.ts';
import type { Tracer } from '../trace/tracer.ts';
import { EventQueue } from './event-queue.ts';
import type { Incarnation } from './incarnation.ts';
import { Lane } from './lane.ts';
import { HostCall, WorldCall } from './scheduled-call.ts';
import type { Tape } from './tape.ts';

/** Events at one instant, and calls within one event, after which a program is taken for one that never lets time go on. */
const eventsPerInstantMax = 100_000;
const callsPerEventMax = 1_000_000;

/** How a run came to its end. */
export type Ending =
  | { readonly verdict: 'ok' }
  | { readonly verdict: 'violation'; readonly finding: Finding }
  | { readonly verdict: 'error'; readonly error: unknown };

/**
 * Simulated time and everything that is going to happen in it. The one place where time moves: an event happens, what it woke
 * goes on, and time jumps to the next.
 */
export class World {
  readonly tape: Tape;
  readonly tracer: Tracer;
  readonly queue: EventQueue = new EventQueue();
  /** Whose events belong to no host. */
  readonly lane: Lane = new Lane(-1);
  /** Whether faults may strike: until the safety phase ends. */
  faulty = true;
  readonly #eventsMax: number;
  #ending: Ending | undefined = undefined;
  #nowUs = 0;
  #events = 0;
  #atInstant = 0;
  #calls = 0;

  constructor(tape: Tape, tracer: Tracer, eventsMax: number) {
    this.tape = tape;
    this.tracer = tracer;
    this.#eventsMax = eventsMax;
  }

  get nowUs(): number {
    return this.#nowUs;
  }

  /** How many events have happened. */
  get events(): number {
    return this.#events;
  }

  get ending(): Ending | undefined {
    return this.#ending;
  }

  /** Ends the run. The first ending stands. */
  end(ending: Ending): void {
    if (this.#ending !== undefined) return;
    this.#ending = ending;
    if (ending.verdict === 'violation') {
      const { rule, message } = ending.finding;
      this.trace(this.lane, { type: 'finding', rule, message });
    }
    this.tracer.close();
  }

  /** A mistake of the scenario's own code. One that comes to light after the end is one all the same. */
  fail(error: unknown): void {
    if (this.#ending?.verdict === 'ok') this.#ending = undefined;
    this.end({ verdict: 'error', error });
  }

  find(finding: Finding): void {
    this.end({ verdict: 'violation', finding: { atMs: this.#nowUs / 1000, ...finding } });
  }

  /** Lets the next event happen. False once the run has ended. The caller lets what was woken go on, before it asks again. */
  step(): boolean {
    const event = this.queue.pop();
    if (event === undefined) {
      this.end({ verdict: 'ok' });
      return false;
    }
    if (event.cancelled) return true;
    const { held } = event.lane;
    if (held !== undefined) {
      held.push(event);
      return true;
    }
    const atUs = this.queue.poppedAtUs;
    if (atUs !== this.#nowUs) {
      this.#nowUs = atUs;
      this.#atInstant = 0;
    }
    this.#calls = 0;
    try {
      if (event.run()) this.#count();
    } catch (error) {
      this.fail(error);
    }
    return this.#ending === undefined;
  }

  /** Counts a call of a program within the present event: one that never ends is ended here. */
  touch(): void {
    if (++this.#calls > callsPerEventMax) this.#standsStill(`${callsPerEventMax} calls within one event`);
  }

  at(atUs: number, callback: () => void): void {
    this.queue.push(atUs, new WorldCall(this.lane, callback));
  }

  /** Runs `callback` once, unless the incarnation is dead by then; later, if it is paused. */
  after(incarnation: Incarnation, delayUs: number, callback: () => void): void {
    this.queue.push(this.#nowUs + delayUs, new HostCall(incarnation, callback));
  }

  trace(lane: Lane, detail: TraceDetail): void {
    this.tracer.other(this.#nowUs, lane.index, detail);
  }

  #count(): void {
    this.#events++;
    if (++this.#atInstant > eventsPerInstantMax) {
      this.#standsStill(`${eventsPerInstantMax} events at one instant`);
    }
    if (this.#events >= this.#eventsMax) {
      this.find({ rule: 'exhausted', message: `The run did not end within ${this.#eventsMax} events` });
    }
  }

  /** Also thrown, to end whatever loop it is. */
  #standsStill(what: string): never {
    const error = new Error(`Time stands still at ${this.#nowUs / 1000} ms: ${what}`);
    this.fail(error);
    throw error;
  }
}
