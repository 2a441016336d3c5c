import {
  type Clock,
  driveQueue,
  type Durability,
  type QueueCapabilities,
  type QueueStore,
  type Random,
  systemClock,
  systemRandom,
} from '@quorate/core';
import { type QueuePace, usualPace } from '../../queue/queue-pace.ts';
import { type NatsOptions, openStream } from '../open-stream.ts';
import { NatsQueueDriver } from './nats-queue-driver.ts';
import { QueueSubjects } from './queue-subjects.ts';

export interface NatsQueueOptions extends NatsOptions {
  /** The stream's name, and what its subjects begin with. Stores of one name are one store. Default `QUORATE-QUEUE`. */
  readonly name?: string;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** What names, ids and times of a message may take beside its body and headers. */
const besideBytes = 16_384;

/**
 * Opens a QueueStore on NATS JetStream, server 2.9 or later.
 *
 * @throws QuorateError `UNAVAILABLE` where the server cannot be reached or has no JetStream; `UNSUPPORTED` where it is too old, or
 *   the stream is not as it must be; `STORE_REFUSED` where the server refuses to make the stream
 */
export function createNatsQueueStore(options: NatsQueueOptions): Promise<QueueStore> {
  return openQueueStore(options, usualPace);
}

/** The same at a pace of one's own, which all clients must share. */
export function openQueueStore(options: NatsQueueOptions, pace: QueuePace): Promise<QueueStore> {
  const { connection, name = 'QUORATE-QUEUE', closesConnection = false, durability = 'os' } = options;
  const { clock = systemClock, random = systemRandom, requestTimeoutMs: timeoutMs = 5000 } = options;
  return openStream(name, clock, options, ({ api, messageMaxBytes }) => {
    const driver = new NatsQueueDriver({
      api,
      subjects: new QueueSubjects(name),
      clock,
      random,
      timeoutMs,
      pace,
      capabilities: capabilitiesOf(messageMaxBytes - besideBytes, durability),
      recordMaxBytes: messageMaxBytes,
      chunkMaxBytes: Math.floor(messageMaxBytes / 4),
      close: async () => {
        if (closesConnection) await connection.close();
      },
    });
    return driveQueue(driver, { clock });
  });
}

function capabilitiesOf(bodyMaxBytes: number, durability: Durability): QueueCapabilities {
  return {
    durability,
    atomicSettle: true,
    // Where they fit one message; more than that go in several.
    atomicPut: false,
    transactionalPut: false,
    crossProcess: true,
    lease: { readyAt: true, lanes: true, oneActivePerKey: true },
    abandon: true,
    leaseGranularityMs: 1,
    bodyMaxBytes,
  };
}
