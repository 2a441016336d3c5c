import type { NatsConnection } from '@nats-io/nats-core';
import { type Clock, type Durability, QuorateError } from '@quorate/core';
import { checkStream, streamConfig } from '../stream-settings.ts';
import { unavailable } from '../unavailable.ts';
import { Requests } from './requests.ts';
import { StreamApi } from './stream-api.ts';

/** What the stores on NATS are opened with, each with a stream of its own. */
export interface NatsOptions {
  /**
   * A connection to a server with JetStream, of `@nats-io/transport-node` or another transport. Have it connect again for ever
   * (`maxReconnectAttempts: -1`) and soon (`reconnectTimeWait`), and find out soon that it is dead (`pingInterval`).
   */
  readonly connection: NatsConnection;
  /** Whether closing the store closes the connection as well. Default false. */
  readonly closesConnection?: boolean;
  /** What to declare instead of `os`, by what the operator knows: `fsync` where `sync_interval` is `always` (server 2.10). */
  readonly durability?: Exclude<Durability, 'quorum'>;
  /** What the API's subjects begin with, for a JetStream domain or an account's import. Default `$JS.API`. */
  readonly apiPrefix?: string;
  /** What inboxes begin with, where this client may use no others. Default `_INBOX`. */
  readonly inboxPrefix?: string;
  /** How long an answer may take before it counts as lost, ms. Default 5,000. */
  readonly requestTimeoutMs?: number;
}

/** The stream of a store. */
export interface OpenStream {
  readonly api: StreamApi;
  readonly messageMaxBytes: number;
}

/** What headers and subjects of a message may take. */
const overheadBytes = 8192;

/** Less is no use: a value has an eighth of it. */
const messageMinBytes = 57_344;

/**
 * Finds the stream of a store, or makes it, and hands it to `open`. Where that fails everything is closed.
 *
 * @throws QuorateError `UNAVAILABLE`, `UNSUPPORTED`, `STORE_REFUSED`
 */
export async function openStream<Opened>(
  name: string,
  clock: Clock,
  options: NatsOptions,
  open: (stream: OpenStream) => Opened,
): Promise<Opened> {
  const { connection, apiPrefix = '$JS.API', inboxPrefix, requestTimeoutMs: timeoutMs = 5000 } = options;
  checkOptions(name, options);
  const requests = new Requests({ connection, clock, timeoutMs, inboxPrefix });
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
    return open({ api, messageMaxBytes: messageBytes });
  } catch (thrown) {
    requests.close();
    if (options.closesConnection === true) await connection.close();
    if (!(thrown instanceof QuorateError) || thrown.outcome !== 'unknown') throw thrown;
    throw unavailable(thrown.message, false, thrown);
  }
}

function checkOptions(name: string, options: NatsOptions): void {
  const { connection, durability = 'os', requestTimeoutMs = 1 } = options;
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
