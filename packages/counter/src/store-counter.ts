import type { WaitOptions } from '@quorate/core';
import type { Adder } from './adder.ts';
import type { Added, Counter, ShardedCounter } from './counter.ts';
import type { Delta } from './int64.ts';

/** One number in the store. */
export interface NumberPort {
  /** Whoever adds to it now, for this process. */
  adder(): Adder;
  get(options?: WaitOptions): Promise<bigint>;
}

/** A counter that is one number. */
export class StoreCounter implements Counter {
  readonly name: string;
  readonly #port: NumberPort;

  constructor(name: string, port: NumberPort) {
    this.name = name;
    this.#port = port;
  }

  add(delta: Delta, options?: WaitOptions): Promise<Added> {
    return this.#port.adder().add(delta, options);
  }

  post(delta: Delta): void {
    this.#port.adder().post(delta);
  }

  flush(options?: WaitOptions): Promise<void> {
    return this.#port.adder().flush(options);
  }

  get(options?: WaitOptions): Promise<bigint> {
    return this.#port.get(options);
  }
}

/** A counter that is many numbers. */
export class StoreShardedCounter implements ShardedCounter {
  readonly name: string;
  readonly #ports: readonly NumberPort[];
  readonly #own: NumberPort;

  /** @param own which of them this process adds to: its additions combine there */
  constructor(name: string, ports: readonly NumberPort[], own: number) {
    this.name = name;
    this.#ports = ports;
    this.#own = ports[own] as NumberPort;
  }

  get shards(): number {
    return this.#ports.length;
  }

  async add(delta: Delta, options?: WaitOptions): Promise<void> {
    await this.#own.adder().add(delta, options);
  }

  post(delta: Delta): void {
    this.#own.adder().post(delta);
  }

  flush(options?: WaitOptions): Promise<void> {
    return this.#own.adder().flush(options);
  }

  async get(options?: WaitOptions): Promise<bigint> {
    const values = await Promise.all(this.#ports.map(port => port.get(options)));
    return values.reduce((sum, value) => sum + value, 0n);
  }
}
