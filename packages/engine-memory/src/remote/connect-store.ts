import {
  boundedWait,
  type Clock,
  driveStore,
  errorCode,
  type NodeId,
  type Random,
  type Store,
  systemClock,
  systemRandom,
  type Transport,
  type WaitOptions,
} from '@quorate/core';
import type { MemoryClientOptions } from '../memory-store.ts';
import { type Hello, RemoteDriver } from './remote-driver.ts';
import { RemoteLink, type RemoteLinkOptions } from './remote-link.ts';

/** How a served store is connected to. */
export interface ConnectStoreOptions extends WaitOptions, Partial<RemoteLinkOptions> {
  /** What deadlines and sessions go by. Default: the system's clock. */
  readonly clock?: Clock;
  /** Default: the system's. */
  readonly random?: Random;
  /** How long the server may hold what is waited for before it is asked again, ms. Default 30,000. */
  readonly holdMs?: number;
}

/** A client of a served store, which others can share the connection with. */
export interface RemoteStore extends Store {
  /** Opens one more client on the same connection, with sessions of its own. */
  open(options?: MemoryClientOptions): RemoteStore;
}

const restMs = 100;

/**
 * Connects to a store that `serveStore` serves at another node, over a transport that is not started yet; it stays its owner's.
 *
 * Waits until the server has answered once. From then on each call does what it can: without a connection it is refused for
 * certain, and what was under way when a connection ended is `unknown`.
 *
 * @throws QuorateError `ABORTED`, `DEADLINE_EXCEEDED`
 */
export async function connectStore(
  transport: Transport,
  server: NodeId,
  options: ConnectStoreOptions = {},
): Promise<RemoteStore> {
  const { clock = systemClock, random = systemRandom, holdMs = 30_000 } = options;
  const link = new RemoteLink(transport, server, { ...options, clock, random });
  await link.start();
  const hello = await boundedWait(clock, options, 'not-applied', signal => greet(link, signal));
  link.requestMaxBytes = hello.requestMaxBytes;
  return new RemoteClients(link, hello, holdMs).open({});
}

async function greet(link: RemoteLink, signal: AbortSignal | undefined): Promise<Hello> {
  for (;;) {
    try {
      return (await link.request('hello', [], { signal })) as unknown as Hello;
    } catch (thrown) {
      if (errorCode(thrown) !== 'UNAVAILABLE') throw thrown;
      await link.connectionChange(restMs, signal);
    }
  }
}

class RemoteClients {
  readonly #link: RemoteLink;
  readonly #hello: Hello;
  readonly #holdMs: number;
  #openCount = 0;

  constructor(link: RemoteLink, hello: Hello, holdMs: number) {
    this.#link = link;
    this.#hello = hello;
    this.#holdMs = holdMs;
  }

  open({ clock = this.#link.clock }: MemoryClientOptions): RemoteStore {
    this.#openCount++;
    const driver = new RemoteDriver(this.#link, this.#hello, this.#holdMs, async () => {
      if (--this.#openCount === 0) this.#link.fail('The store was closed');
    });
    return Object.assign(driveStore(driver, { clock }), {
      open: (options: MemoryClientOptions = {}) => this.open(options),
    });
  }
}
