import type { FailureDetector } from '../failure-detector.ts';
import type { NodeId, Random } from '@quorate/core';

/** How fast failures are found, at what cost, and what is bounded. */
export interface SwimTuning {
  /** Between two probes by one member. One dead member in `n` is first probed by somebody after about 1.6 of them. */
  readonly probeIntervalMs: number;
  /** How long a direct answer may take before others are asked to probe. Take the 99th percentile of a round trip. */
  readonly probeTimeoutMs: number;
  /** How many others are asked. */
  readonly indirectProbes: number;
  /** α: a suspicion that others confirm lasts `α · max(1, log10 n) · probeIntervalMs`. */
  readonly suspicionFactor: number;
  /** β: one that nobody confirms lasts β times as long. */
  readonly suspicionMaxFactor: number;
  /** K: how many confirmations it takes to the shortest suspicion; where there are fewer members, as many as can. */
  readonly suspicionConfirmations: number;
  /** λ: each news is sent by each member `λ · ceil(log10(n + 1))` times. */
  readonly retransmitFactor: number;
  /** Between two sendings of news, while there are some, beside what probes and answers carry. */
  readonly gossipIntervalMs: number;
  /** To how many members at a time. */
  readonly gossipFanout: number;
  /** Between two exchanges of whole states with one other member, up to 32 members; longer with more. */
  readonly syncIntervalMs: number;
  /** Between two attempts to reach somebody who is taken for dead, or a seed that is not a member. */
  readonly reconnectIntervalMs: number;
  /** How long the dead are remembered, so that old news do not bring them back, and tried to be reached. */
  readonly deadKeptMs: number;
  /** The worst count of the local health. */
  readonly localHealthMax: number;
  /** Local health, suspicions that shrink, nacks, suspects told first. Off, it is SWIM as of 2002. */
  readonly lifeguard: boolean;
  /** The longest message. */
  readonly messageMaxBytes: number;
  /** What probes, answers and gossip carry of news, unless a single one is longer. */
  readonly piggybackMaxBytes: number;
  /** The longest metadata. */
  readonly metaMaxBytes: number;
  /** How many members may be known, the gone ones included. */
  readonly membersMax: number;
}

/** For which network a tuning is made. */
export type Preset = 'local' | 'lan' | 'wan';

const lan: SwimTuning = {
  probeIntervalMs: 1000,
  probeTimeoutMs: 500,
  indirectProbes: 3,
  suspicionFactor: 4,
  suspicionMaxFactor: 6,
  suspicionConfirmations: 3,
  retransmitFactor: 4,
  gossipIntervalMs: 200,
  gossipFanout: 3,
  syncIntervalMs: 30_000,
  reconnectIntervalMs: 10_000,
  deadKeptMs: 1_800_000,
  localHealthMax: 8,
  lifeguard: true,
  messageMaxBytes: 8192,
  piggybackMaxBytes: 1300,
  metaMaxBytes: 512,
  membersMax: 65_536,
};

/** The presets. Every field of one can be replaced. */
export const presets: Readonly<Record<Preset, SwimTuning>> = {
  local: {
    ...lan,
    probeIntervalMs: 200,
    probeTimeoutMs: 80,
    gossipIntervalMs: 40,
    syncIntervalMs: 5000,
    reconnectIntervalMs: 1000,
    deadKeptMs: 600_000,
  },
  lan,
  wan: {
    ...lan,
    probeIntervalMs: 5000,
    probeTimeoutMs: 3000,
    suspicionFactor: 6,
    gossipIntervalMs: 500,
    gossipFanout: 4,
    syncIntervalMs: 60_000,
    reconnectIntervalMs: 30_000,
    deadKeptMs: 7_200_000,
  },
};

/** What one member's core is made of. */
export interface SwimOptions {
  readonly self: NodeId;
  /** Its first incarnation. Let it be greater than any of its earlier lives, if you can: then nobody has to tell it. */
  readonly incarnation: number;
  /** Drawn at each start: from 0 to 2^31 - 1. */
  readonly life: number;
  readonly random: Random;
  readonly seeds: readonly NodeId[];
  readonly meta: Uint8Array;
  readonly address: string;
  readonly tuning: SwimTuning;
  /** Asked before a member is suspected that has not answered a probe; made anew for each member. */
  readonly detectorOf: ((id: NodeId) => FailureDetector) | undefined;
  readonly nowMs: number;
}

const textMaxBytes = 2 + 255 * 3;
/** The longest record without its metadata: see `message.ts`. */
const recordMaxBytes = 1 + textMaxBytes + 8 + 4 + 8 + 2 + textMaxBytes + textMaxBytes;
const headerMaxBytes = 32 + textMaxBytes;

const bounds: Readonly<Partial<Record<keyof SwimTuning, readonly [min: number, max: number]>>> = {
  probeIntervalMs: [1, 3_600_000],
  probeTimeoutMs: [1, 3_600_000],
  indirectProbes: [0, 32],
  suspicionFactor: [1, 100],
  suspicionMaxFactor: [1, 100],
  suspicionConfirmations: [0, 32],
  retransmitFactor: [1, 32],
  gossipIntervalMs: [1, 3_600_000],
  gossipFanout: [1, 32],
  syncIntervalMs: [1, 86_400_000],
  reconnectIntervalMs: [1, 86_400_000],
  deadKeptMs: [0, 604_800_000],
  localHealthMax: [0, 64],
  metaMaxBytes: [0, 32_768],
  membersMax: [1, 1_000_000],
};

/** Counts rather than times, and bytes. */
const integers: ReadonlySet<string> = new Set([
  'indirectProbes',
  'suspicionConfirmations',
  'gossipFanout',
  'localHealthMax',
  'metaMaxBytes',
  'membersMax',
]);

/**
 * A preset with some fields replaced, checked.
 *
 * @throws RangeError for a field out of its bounds, a timeout longer than its interval, or messages that hold no record
 */
export function tuningOf(preset: Preset, replaced: Partial<SwimTuning> = {}): SwimTuning {
  if (!Object.hasOwn(presets, preset))
    throw new RangeError(`Preset must be one of local, lan and wan: received ${JSON.stringify(preset)}`);
  const given = Object.entries(replaced).filter(([, value]) => value !== undefined);
  const tuning: SwimTuning = { ...presets[preset], ...Object.fromEntries(given) };
  for (const [field, [min, max]] of Object.entries(bounds)) {
    const value = tuning[field as keyof SwimTuning] as number;
    const isRight = value >= min && value <= max && (!integers.has(field) || Number.isInteger(value));
    if (!isRight) {
      const kind = integers.has(field) ? 'an integer' : 'a number';
      throw new RangeError(`Tuning "${field}" must be ${kind} from ${min} to ${max}: received ${value}`);
    }
  }
  const { probeTimeoutMs, probeIntervalMs, messageMaxBytes, piggybackMaxBytes, metaMaxBytes } = tuning;
  if (probeTimeoutMs > probeIntervalMs) {
    throw new RangeError(
      `Tuning "probeTimeoutMs" must be at most the probe interval, ${probeIntervalMs}: received ${probeTimeoutMs}`,
    );
  }
  const least = headerMaxBytes + recordMaxBytes + metaMaxBytes;
  if (!Number.isInteger(messageMaxBytes) || messageMaxBytes < least || messageMaxBytes > 1 << 20) {
    throw new RangeError(
      `Tuning "messageMaxBytes" must be an integer from ${least} to 1048576: received ${messageMaxBytes}`,
    );
  }
  if (!(piggybackMaxBytes >= 0 && piggybackMaxBytes <= messageMaxBytes)) {
    throw new RangeError(
      `Tuning "piggybackMaxBytes" must be a number from 0 to ${messageMaxBytes}: received ${piggybackMaxBytes}`,
    );
  }
  return tuning;
}
