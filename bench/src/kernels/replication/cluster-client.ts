import { quantile } from '../../statistics/quantile.ts';
import type { Kernel, Setup } from '../../suite.ts';

/** One client process of a replicated store, with as many calls under way as it likes. */
export interface ClusterClient {
  write(key: string, value: Uint8Array): Promise<void>;
  /** Linearizable, unless it was opened for something weaker. The value; `undefined` where there is none. */
  read(key: string): Promise<Uint8Array | undefined>;
  close(): Promise<void>;
}

export type OpenClient = () => Promise<ClusterClient>;

const keyCount = 1000;
const valueBytes = 100;

/** `clients` callers, each of whom makes one call after the other, all from one process; an operation is one call. */
export function calls(open: OpenClient, what: 'write' | 'read', turns: (clients: number) => number): Setup {
  return async (context): Promise<Kernel> => {
    const clients = context.number('clients');
    const crowd = await Crowd.of(await open(), what);
    const each = turns(clients);
    return {
      ops: clients * each,
      run: async () => {
        await crowd.run(clients, each);
        return clients * each;
      },
      close: async () => crowd.close(),
    };
  };
}

/** The time within which 99 of a hundred such calls were answered, ns. */
export function slowCalls(
  open: OpenClient,
  what: 'write' | 'read',
  turns: (clients: number) => number,
): Setup {
  return async context => {
    const clients = context.number('clients');
    const crowd = await Crowd.of(await open(), what);
    try {
      const each = turns(clients);
      for (let round = 0; round < 3; round++) await crowd.run(clients, each);
      const times: number[] = [];
      for (let round = 0; round < 8; round++) times.push(...(await crowd.run(clients, each)));
      return { quantity: quantile(times, 0.99) * 1e6 };
    } finally {
      await crowd.close();
    }
  };
}

class Crowd {
  readonly #client: ClusterClient;
  readonly #what: 'write' | 'read';
  readonly #value = new Uint8Array(valueBytes).fill(120);
  #next = 0;

  private constructor(client: ClusterClient, what: 'write' | 'read') {
    this.#client = client;
    this.#what = what;
  }

  static async of(client: ClusterClient, what: 'write' | 'read'): Promise<Crowd> {
    const crowd = new Crowd(client, what);
    for (let start = 0; start < keyCount; start += 100) {
      const keys = Array.from({ length: 100 }, (_, index) => `key-${start + index}`);
      await Promise.all(keys.map(async key => client.write(key, crowd.#value)));
    }
    return crowd;
  }

  /** How long each call took, ms. */
  async run(clients: number, turns: number): Promise<number[]> {
    const times: number[] = [];
    const one = async (): Promise<void> => {
      for (let turn = 0; turn < turns; turn++) {
        const startMs = performance.now();
        await this.#call(`key-${this.#next++ % keyCount}`);
        times.push(performance.now() - startMs);
      }
    };
    await Promise.all(Array.from({ length: clients }, one));
    return times;
  }

  async #call(key: string): Promise<void> {
    if (this.#what === 'write') {
      await this.#client.write(key, this.#value);
      return;
    }
    const value = await this.#client.read(key);
    if (value?.length !== valueBytes) {
      throw new Error(`Value of "${key}" must have ${valueBytes} bytes: received ${value?.length}`);
    }
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}
