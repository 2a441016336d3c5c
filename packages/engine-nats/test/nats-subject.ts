import { seededRandom, type Store, systemClock, systemRandom } from '@quorate/core';
import type { StoreSubject } from '@quorate/conformance';
import { connect } from '@nats-io/transport-node';
import { LinkedClients, type NatsOptions, startNats } from '@quorate/servers';
import { createNatsStore, type NatsStoreOptions } from '../src/index.ts';

/** A server of its own with a store on it, each client over a link of its own that can be cut. */
export class NatsStand extends LinkedClients<Store> {
  static async start(options: NatsOptions = {}): Promise<NatsStand> {
    return new NatsStand(await startNats(options));
  }

  /**
   * A handshake that is cut off is only given up after its timeout, so that is short; the first is tried again where the machine
   * stood still for as long.
   */
  connect(port: number = this.server.port): ReturnType<typeof connect> {
    return connect({
      port,
      waitOnFirstConnect: true,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 5,
      reconnectJitter: 0,
      pingInterval: 2000,
      timeout: 1000,
    });
  }

  open(options: Partial<NatsStoreOptions> = {}): Promise<Store> {
    return this.openLinked(async port => {
      const connection = await this.connect(port);
      return createNatsStore({ connection, closesConnection: true, ...options });
    });
  }

  subject(): StoreSubject {
    return {
      name: 'NATS JetStream',
      clock: systemClock,
      random: seededRandom(systemRandom.uint32()),
      ttlMs: 1000,
      patienceMs: 20_000,
      open: ({ clock = systemClock } = {}) => this.open({ clock }),
      ...this.faults,
    };
  }
}
