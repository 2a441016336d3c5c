/** What the benches use of packages that come without types. */
declare module 'hashring' {
  export default class HashRing {
    constructor(
      servers: string | readonly string[] | Readonly<Record<string, { weight: number }>>,
      algorithm?: string,
      options?: Record<string, unknown>,
    );
    readonly size: number;
    get(key: string): string;
    range(key: string, size: number): string[];
    add(servers: string | readonly string[]): this;
    remove(server: string): this;
  }
}

declare module 'consistent-hash' {
  export default class ConsistentHash {
    constructor(options?: { range?: number; controlPoints?: number });
    readonly keyCount: number;
    add(node: string, count?: number, points?: readonly number[]): this;
    remove(node: string): this;
    get(key: string): string;
    get(key: string, count: number): string[];
  }
}

/** It has types, which its `exports` hide. */
declare module 'redlock' {
  import type { Redis } from 'ioredis';
  export interface Lock {
    release(): Promise<unknown>;
  }
  export default class Redlock {
    constructor(clients: Iterable<Redis>, settings?: { readonly retryCount?: number });
    acquire(resources: string[], duration: number): Promise<Lock>;
  }
}
