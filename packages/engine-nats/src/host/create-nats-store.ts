import type { NatsConnection } from '@nats-io/nats-core';
import {
  type Clock,
  type Durability,
  driveStore,
  QuorateError,
  type Random,
  type Store,
  type StoreCapabilities,
  systemClock,
  systemRandom,
} from '@quorate/core';
import { checkStream, streamConfig } from '../stream-settings.ts';
import { unavailable } from '../unavailable.ts';
import { NatsDriver } from './nats-driver.ts';
import { Requests } from './requests.ts';
import { StreamApi } from './stream-api.ts';
import { Subjects } from './subjects.ts';

export interface NatsStoreOptions {
  /**
   * A connection to a server with JetStream, of `@nats-io/transport-node` or another transport. Have it connect again for ever
   * (`maxReconnectAttempts: -1`) and soon (`reconnectTimeWait`), and find out soon that it is dead (`pingInterval`).
   */
  readonly connection: NatsConnection;
  /** Whether closing the store closes the connection as well. Default false. */
  readonly closesConnection?: boolean;
  /** The stream's name, and what its subjects begin with. Stores of one name are one store. Default `QUORATE`. */
  readonly name?: string;
  /** What to declare instead of `os`, by what the operator knows: `fsync` where `sync_interval` is `always` (server 2.10). */
  readonly durability?: Exclude<Durability, 'quorum'>;
  /** What the API's subjects begin with, for a JetStream domain or an account's import. Default `$JS.API`. */
  readonly apiPrefix?: string;
  /** What inboxes begin with, where this client may use no others. Default `_INBOX`. */
  readonly inboxPrefix?: string;
  /** How long an answer may take before it counts as lost, ms. Default 5,000. */
  readonly requestTimeoutMs?: number;
  /** How much memory copies of partitions may take that nobody uses. Default 33,554,432. */
  readonly cacheMaxBytes?: number;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** What headers and subjects of a message may take. */
const overheadBytes = 8192;

/** Less is no use: a value has an eighth of it. */
const messageMinBytes = 57_344;

/**
 * Opens a Store on NATS JetStream, server 2.9 or later.
 *
 * @throws QuorateError `UNAVAILABLE` where the server cannot be reached or has no JetStream; `UNSUPPORTED` where it is too old, or
 *   the stream is not as it must be; `STORE_REFUSED` where the server refuses to make the stream
 */
export async function createNatsStore(options: NatsStoreOptions): Promise<Store> {
  const { connection, name = 'QUORATE', apiPrefix = '$JS.API', inboxPrefix } = options;
  const { clock = systemClock, random = systemRandom, closesConnection = false } = options;
  const { requestTimeoutMs: timeoutMs = 5000, cacheMaxBytes = 2 ** 25 } = options;
  check(options);
  const requests = new Requests({ connection, clock, timeoutMs, inboxPrefix });
  const close = async (): Promise<void> => {
    if (closesConnection) await connection.close();
  };
  try {
    await requests.ready();
    const api = new StreamApi(requests, name, apiPrefix);
    const messageMaxBytes = checkServer(connection) - overheadBytes;
    const found = (await api.info()) ?? (await api.create(streamConfig(name)), await api.info());
    if (found === undefined) throw unavailable(`The stream ${name} is gone again`, false);
    checkStream(name, found.config);
    const { max_msg_size: setBytes } = found.config;
    const messageBytes = setBytes > 0 ? Math.min(messageMaxBytes, setBytes - overheadBytes) : messageMaxBytes;
    if (messageBytes < messageMinBytes) {
      const message = `Largest message must be at least ${messageMinBytes + overheadBytes} bytes: found ${messageBytes + overheadBytes}`;
      throw new QuorateError('UNSUPPORTED', message, { outcome: 'not-applied' });
    }
    const driver = new NatsDriver({
      api,
      subjects: new Subjects(name),
      capabilities: capabilitiesOf(messageBytes, options.durability ?? 'os'),
      clock,
      random,
      messageMaxBytes: messageBytes,
      partitionMaxBytes: Math.floor(messageBytes / 2),
      cacheMaxBytes,
      close,
    });
    return driveStore(driver, { clock });
  } catch (thrown) {
    requests.close();
    await close();
    if (!(thrown instanceof QuorateError) || thrown.outcome !== 'unknown') throw thrown;
    throw unavailable(thrown.message, false, thrown);
  }
}

function check(options: NatsStoreOptions): void {
  const {
    connection,
    name = 'QUORATE',
    durability = 'os',
    requestTimeoutMs = 1,
    cacheMaxBytes = 0,
  } = options;
  if (typeof connection?.publish !== 'function') {
    throw new TypeError(`Connection must be one of NATS: received ${typeof connection}`);
  }
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(name)) {
    throw new RangeError(`Name must be 1 to 64 letters, digits, "-" and "_": received "${name}"`);
  }
  if (!['memory', 'os', 'fsync'].includes(durability)) {
    throw new RangeError(`Durability must be memory, os or fsync: received "${durability}"`);
  }
  if (!(requestTimeoutMs > 0 && Number.isFinite(requestTimeoutMs))) {
    throw new RangeError(
      `Request timeout in ms must be a finite number above 0: received ${requestTimeoutMs}`,
    );
  }
  if (!(cacheMaxBytes >= 0)) {
    throw new RangeError(`Most bytes of the cache must be a number of at least 0: received ${cacheMaxBytes}`);
  }
}

/** The largest message, if the server can be used at all. */
function checkServer({ info }: NatsConnection): number {
  const { version = '0', headers: hasHeaders = false, max_payload: largest = 0 } = info ?? {};
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (!hasHeaders || major < 2 || (major === 2 && minor < 9)) {
    throw new QuorateError(
      'UNSUPPORTED',
      `NATS must be of version 2.9 or later: the server says ${version}`,
      {
        outcome: 'not-applied',
      },
    );
  }
  return largest;
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
