import { type Clock, sleep } from '@quorate/core';
import { Problem, securityHeaders } from '@quorate/node';
import type { Demo } from './demo.ts';
import { EventStream } from './event-stream.ts';
import { type Activity, ringMessage, Sampler } from './snapshot.ts';

const periodMs = 250;
const clientsMax = 16;

/** The page's live feed: a state four times a second, the ring whenever it is another, each entry of the tape as it comes. */
export class Feed implements Disposable {
  readonly #demo: Demo;
  readonly #clock: Clock;
  readonly #activity: Activity;
  readonly #sampler: Sampler;
  readonly #clients = new Set<EventStream>();
  readonly #tape: Disposable;
  #running = false;
  #ringSent = 0;

  constructor(demo: Demo, clock: Clock, activity: Activity) {
    this.#demo = demo;
    this.#clock = clock;
    this.#activity = activity;
    this.#sampler = new Sampler(demo);
    this.#tape = demo.tape.onEntry(entry => {
      for (const client of this.#clients) client.send('tape', [entry]);
    });
  }

  /** Opens a feed. @throws Problem `TOO_MANY_FEEDS` */
  open(): Response {
    if (this.#clients.size >= clientsMax) {
      throw new Problem(429, 'TOO_MANY_FEEDS', `At most ${clientsMax} pages can be open at once`, {
        retryable: true,
      });
    }
    const client = new EventStream(securityHeaders, gone => this.#clients.delete(gone));
    this.#clients.add(client);
    client.send('tape', this.#demo.tape.entries);
    // The ring goes out again with the next state: this client has none.
    this.#ringSent = 0;
    if (!this.#running) void this.#run();
    return client.response;
  }

  [Symbol.dispose](): void {
    this.#tape[Symbol.dispose]();
    for (const client of this.#clients) client.close();
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#clients.size > 0) {
      await this.#sendAll();
      await sleep(this.#clock, periodMs);
    }
    this.#running = false;
  }

  async #sendAll(): Promise<void> {
    const state = await this.#sampler.sample(this.#activity, this.#clock.monotonicMs());
    if (state === undefined) return;
    if (state.epoch !== this.#ringSent) {
      this.#ringSent = state.epoch;
      const ring = ringMessage(this.#demo);
      for (const client of this.#clients) client.send('ring', ring);
    }
    for (const client of this.#clients) if (client.keepsUp) client.send('state', state);
  }
}
