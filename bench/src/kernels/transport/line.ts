import type { Kernel, Setup } from '../../suite.ts';

/** Bytes of each message. */
export const messageBytes = 100;
/** Different messages, taken in turn. */
const kinds = 256;

/** A way to a peer that sends every message back. */
export interface Line {
  /** Takes the message on; its bytes stay as they are until the answer is heard. */
  send(message: Uint8Array): void;
  close(): Promise<void>;
}

/** Opens a line, and is told of each answer, which is valid during the call, or that there will be none. */
export type OpenLine = (hear: (answer: Uint8Array) => void, fail: (reason: unknown) => void) => Promise<Line>;

/** One message at a time: the next goes when the last is back. */
export function roundTrips(open: OpenLine, trips: number): Setup {
  return async () => {
    const exchange = await Exchange.open(open, 1);
    return {
      ops: trips,
      run: async () => exchange.run(trips),
      call: async () => exchange.run(1),
      close: async () => exchange.close(),
    };
  };
}

/** Always `window` messages under way, a parameter of the bench; each that comes back makes room for another. */
export function pipelined(open: OpenLine, messages: number): Setup {
  return async (context): Promise<Kernel> => {
    const exchange = await Exchange.open(open, context.number('window'));
    return { ops: messages, run: async () => exchange.run(messages), close: async () => exchange.close() };
  };
}

/** Messages that go out and come back. Each is told from its neighbours, so that one that is lost or doubled is found. */
class Exchange {
  readonly #messages: readonly Uint8Array[] = Array.from({ length: kinds }, (_, at) =>
    Buffer.alloc(messageBytes, at),
  );
  readonly #window: number;
  #line: Line | undefined;
  #running: Promise<unknown> | undefined;
  #sent = 0;
  #heard = 0;
  #count = 0;
  #sum = 0;
  #done: (sum: number) => void = () => {};
  #fail: (reason: unknown) => void = () => {};

  static async open(open: OpenLine, window: number): Promise<Exchange> {
    const exchange = new Exchange(window);
    exchange.#line = await open(
      answer => exchange.#hear(answer),
      reason => exchange.#fail(reason),
    );
    return exchange;
  }

  private constructor(window: number) {
    this.#window = window;
  }

  /** Settles with a digest of the answers. One exchange at a time: whoever times calls may begin one before the last is over. */
  async run(count: number): Promise<number> {
    while (this.#running !== undefined) await this.#running;
    const running = this.#start(count);
    this.#running = running.catch(() => {});
    try {
      return await running;
    } finally {
      this.#running = undefined;
    }
  }

  async close(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
    await this.#line?.close();
  }

  async #start(count: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#fail = reason => reject(new Error(`Message must be answered: ${String(reason)}`));
      this.#sent = this.#heard = this.#sum = 0;
      this.#count = count;
      this.#done = resolve;
      for (let first = Math.min(count, this.#window); first > 0; first--) this.#send();
    });
  }

  #send(): void {
    this.#line?.send(this.#messages[this.#sent++ % kinds] as Uint8Array);
  }

  #hear(answer: Uint8Array): void {
    const at = this.#heard++ % kinds;
    if (answer.length !== messageBytes || answer[messageBytes - 1] !== at) {
      throw new Error(`Answer must be message ${at}: received ${answer.length} bytes of another`);
    }
    this.#sum = (Math.imul(this.#sum, 31) + (answer[0] as number)) | 0;
    if (this.#heard === this.#count) this.#done(this.#sum);
    else if (this.#sent < this.#count) this.#send();
  }
}
