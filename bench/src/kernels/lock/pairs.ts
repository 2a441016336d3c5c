import type { Kernel, Setup } from '../../suite.ts';

/** A way to take something and to give it back. */
export interface Pairs {
  /**
   * Takes the thing of that number, and gives it back.
   *
   * @returns what grows with each grant of the number: its fence. Without one, 0
   */
  pair(index: number): Promise<bigint | number>;
  close(): Promise<void>;
}

export type OpenPairs = () => Promise<Pairs>;

/** One pair after the other, of one thing. */
export function sequential(open: OpenPairs, pairs: number, options: { readonly call?: boolean } = {}): Setup {
  return async (): Promise<Kernel> => {
    const fenced = new Fenced(await open(), 1);
    return {
      ops: pairs,
      run: async () => {
        let sum = 0;
        for (let count = 0; count < pairs; count++) sum += await fenced.pair(0);
        return sum;
      },
      ...(options.call === false ? {} : { call: oneByOne(async () => fenced.pair(0)) }),
      close: async () => fenced.close(),
    };
  };
}

/** So many things at once, each taken and given back `turns` times. */
export function atOnce(open: OpenPairs, things: number, turns: number): Setup {
  return async (): Promise<Kernel> => {
    const fenced = new Fenced(await open(), things);
    const take = async (index: number): Promise<number> => {
      let sum = 0;
      for (let turn = 0; turn < turns; turn++) sum += await fenced.pair(index);
      return sum;
    };
    return {
      ops: things * turns,
      run: async () => {
        const sums = await Promise.all(Array.from({ length: things }, async (_, index) => take(index)));
        return sums.reduce((sum, each) => sum + each, 0);
      },
      close: async () => fenced.close(),
    };
  };
}

/** Whoever times calls may begin one before the last is over. */
export function oneByOne(call: () => Promise<number>): () => Promise<number> {
  let last: Promise<unknown> = Promise.resolve();
  return async () => {
    const next = last.then(call);
    last = next.catch(() => {});
    return next;
  };
}

/** Counts the pairs, and sees that fences grow: a lock that gives two holders one fence fails the bench. */
class Fenced {
  readonly #pairs: Pairs;
  readonly #last: (bigint | number)[];

  constructor(pairs: Pairs, things: number) {
    this.#pairs = pairs;
    this.#last = Array.from({ length: things }, () => -1);
  }

  async pair(index: number): Promise<number> {
    const fence = await this.#pairs.pair(index);
    const last = this.#last[index] as bigint | number;
    if (fence !== 0) {
      if (fence <= last) throw new Error(`Fence must grow: it was ${last}, then ${fence}`);
      this.#last[index] = fence;
    }
    return 1;
  }

  close(): Promise<void> {
    return this.#pairs.close();
  }
}
