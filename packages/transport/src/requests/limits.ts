import { checkInteger } from '../transport-state.ts';

/** What requests and streams may take up. */
export interface RequestLimits {
  /** Requests and openings that wait for an answer here, to all peers. Default 4,096. */
  readonly outstandingMax: number;
  /** Handlers of requests that run at a time. Default 256. */
  readonly concurrencyMax: number;
  /** Requests that wait for a handler, beyond which they are refused as `OVERLOADED`. Default 1,024. */
  readonly queueMax: number;
  /** Bytes of those. Default 16 MiB. */
  readonly queueMaxBytes: number;
  /** Streams that are open at a time, whoever opened them, and those whose handlers still run. Default 1,024. */
  readonly streamsMax: number;
  /** What a peer may send on a stream that was not read yet; each chunk counts 64 bytes more than it has. Default 256 KiB. */
  readonly windowBytes: number;
  /** The longest piece that a chunk is sent in; shorter where the transport's messages are. Default 64 KiB. */
  readonly chunkMaxBytes: number;
  /** Refusals, cancellations and credits that wait for a peer which takes nothing; more cost the connection. Default 1 MiB. */
  readonly outboxMaxBytes: number;
}

/** What a chunk counts beside its bytes, so that small ones are bounded too. */
export const chunkOverheadBytes = 64;

/** The smallest window, in which a chunk has room at all. */
export const windowMinBytes = 1024;

const defaults: RequestLimits = {
  outstandingMax: 4096,
  concurrencyMax: 256,
  queueMax: 1024,
  queueMaxBytes: 0x100_0000,
  streamsMax: 1024,
  windowBytes: 0x4_0000,
  chunkMaxBytes: 0x1_0000,
  outboxMaxBytes: 0x10_0000,
};

/** Fills in the defaults. @throws RangeError for a limit that is none */
export function checkLimits(given: Partial<RequestLimits> = {}): RequestLimits {
  const limits = { ...defaults, ...given };
  for (const [name, value] of Object.entries(limits)) {
    const least = name === 'windowBytes' ? windowMinBytes : name === 'queueMax' ? 0 : 1;
    checkInteger(`Limit ${name}`, value as number, least, 0x4000_0000);
  }
  return limits;
}
