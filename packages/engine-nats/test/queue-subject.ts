import { type QueueSubject } from '@quorate/conformance';
import { type QueueStore, seededRandom, systemClock, systemRandom } from '@quorate/core';
import { connect } from '@nats-io/transport-node';
import { LinkedClients, type NatsOptions, startNats } from '@quorate/servers';
import { createNatsQueueStore, type NatsQueueOptions } from '../src/index.ts';

/** A server of its own with a queue store on it, each client over a link of its own that can be cut. */
export class QueueStand extends LinkedClients<QueueStore> {
  static async start(options: NatsOptions = {}): Promise<QueueStand> {
    return new QueueStand(await startNats(options));
  }

  /** See `NatsStand`. */
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

  open(options: Partial<NatsQueueOptions> = {}): Promise<QueueStore> {
    return this.openLinked(async port => {
      const connection = await this.connect(port);
      return createNatsQueueStore({ connection, closesConnection: true, ...options });
    });
  }

  subject(): QueueSubject {
    return {
      name: 'NATS JetStream',
      clock: systemClock,
      random: seededRandom(systemRandom.uint32()),
      leaseMs: 300,
      patienceMs: 30_000,
      open: ({ clock = systemClock } = {}) => this.open({ clock }),
      ...this.faults,
    };
  }
}
