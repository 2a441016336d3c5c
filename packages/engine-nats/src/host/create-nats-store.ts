import {
  type Clock,
  type Durability,
  driveStore,
  type Random,
  type Store,
  type StoreCapabilities,
  systemClock,
  systemRandom,
} from '@quorate/core';
import { NatsDriver } from './nats-driver.ts';
import { type NatsOptions, openStream } from './open-stream.ts';
import { Subjects } from './subjects.ts';

export interface NatsStoreOptions extends NatsOptions {
  /** The stream's name, and what its subjects begin with. Stores of one name are one store. Default `QUORATE`. */
  readonly name?: string;
  /** How much memory copies of partitions may take that nobody uses. Default 33,554,432. */
  readonly cacheMaxBytes?: number;
  readonly clock?: Clock;
  readonly random?: Random;
}

/**
 * Opens a Store on NATS JetStream, server 2.9 or later.
 *
 * @throws QuorateError `UNAVAILABLE` where the server cannot be reached or has no JetStream; `UNSUPPORTED` where it is too old, or
 *   the stream is not as it must be; `STORE_REFUSED` where the server refuses to make the stream
 */
export async function createNatsStore(options: NatsStoreOptions): Promise<Store> {
  const { connection, name = 'QUORATE', closesConnection = false, durability = 'os' } = options;
  const { clock = systemClock, random = systemRandom, cacheMaxBytes = 2 ** 25 } = options;
  if (!(cacheMaxBytes >= 0)) {
    throw new RangeError(`Most bytes of the cache must be a number of at least 0: received ${cacheMaxBytes}`);
  }
  return openStream(name, clock, options, ({ api, messageMaxBytes }) => {
    const driver = new NatsDriver({
      api,
      subjects: new Subjects(name),
      capabilities: capabilitiesOf(messageMaxBytes, durability),
      clock,
      random,
      messageMaxBytes,
      partitionMaxBytes: Math.floor(messageMaxBytes / 2),
      cacheMaxBytes,
      close: async () => {
        if (closesConnection) await connection.close();
      },
    });
    return driveStore(driver, { clock });
  });
}

function capabilitiesOf(messageBytes: number, durability: Durability): StoreCapabilities {
  return {
    durability,
    linearizable: true,
    fenceSurvivesLoss: false,
    expiry: 'observer',
    watch: 'push',
    ttlMinMs: 200,
    // A value may stand in a partition, be remembered, and be in the message that replaces it, all at once.
    valueMaxBytes: Math.floor(messageBytes / 8),
    verbs: { enqueue: true, add: true, batch: true },
  };
}
