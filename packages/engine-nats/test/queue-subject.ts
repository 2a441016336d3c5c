import type { QueueSubject } from '@quorate/conformance';
import { type QueueStore, seededRandom, systemClock, systemRandom } from '@quorate/core';
import { connect } from '@nats-io/transport-node';
import { LinkedClients, type NatsOptions, startNats } from '@quorate/servers';
import { openQueueStore } from '../src/host/queue/create-nats-queue-store.ts';
import type { NatsQueueOptions } from '../src/index.ts';
import { type QueuePace, usualPace } from '../src/queue/queue-pace.ts';

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

  open(options: Partial<NatsQueueOptions> = {}, pace: QueuePace = usualPace): Promise<QueueStore> {
    return this.openLinked(async port => {
      const connection = await this.connect(port);
      return openQueueStore({ connection, closesConnection: true, ...options }, pace);
    });
  }

  subject(pace?: QueuePace): QueueSubject {
    return {
      name: 'NATS JetStream',
      clock: systemClock,
      random: seededRandom(systemRandom.uint32()),
      leaseMs: 300,
      patienceMs: 30_000,
      open: ({ clock = systemClock } = {}) => this.open({ clock }, pace),
      ...this.faults,
    };
  }
}
