/**
 * Which kinds of faults may strike, each with its bounds. A group that is left out never strikes; `true` takes its defaults.
 *
 * Of a group that is given by its fields, those kinds may strike that are named; where none is, but bounds or some `false`, all
 * others may: `process: { pauseMaxMs: 500 }` has crashes too, `process: { pauses: true }` has none.
 *
 * Each seed draws a subset of the kinds that are allowed, and how hard each strikes (swarm testing: Groce et al., ISSTA 2012).
 */
export interface FaultOptions {
  readonly network?: boolean | NetworkFaults;
  readonly process?: boolean | ProcessFaults;
  readonly clock?: boolean | ClockFaults;
  readonly disk?: boolean | DiskFaults;
}

/**
 * `stream` keeps to the Transport seam: messages of a connection arrive in order and once or are lost with it. `datagram` may
 * also lose, repeat, reorder and corrupt single messages, as UDP does.
 */
export interface NetworkFaults {
  readonly mode?: 'stream' | 'datagram';
  readonly loss?: boolean;
  readonly duplication?: boolean;
  readonly reordering?: boolean;
  readonly corruption?: boolean;
  /** Connections that break. */
  readonly resets?: boolean;
  /** Whole partitions, one-way ones, and ones in which some see both sides. */
  readonly partitions?: boolean;
  /** Links that hold everything back for a while and then deliver it. */
  readonly clogs?: boolean;
  readonly latencyMaxMs?: number;
}

export interface ProcessFaults {
  readonly crashes?: boolean;
  /** Stops a node for a while without its noticing: a SIGSTOP, a collection, a virtual machine that is moved. */
  readonly pauses?: boolean;
  readonly pauseMaxMs?: number;
  /** How many nodes may be down at once. Default: all but one. */
  readonly downMax?: number;
}

export interface ClockFaults {
  /** Wall clocks that are off from the beginning. */
  readonly skewMaxMs?: number;
  /** Clocks, monotonic ones too, that run fast or slow by up to so much, as a share. */
  readonly driftMax?: number;
  /** Wall clocks that are set, forward or back. */
  readonly jumps?: boolean;
  readonly jumpMaxMs?: number;
}

export interface DiskFaults {
  readonly latencyMaxMs?: number;
  /** Of writes that were not synced, a crash keeps any sectors. Always so where nodes crash; this makes it likely. */
  readonly torn?: boolean;
  /** A bit of what was durable changes while the node is down. */
  readonly rot?: boolean;
  /** The disk is full for a while. */
  readonly full?: boolean;
  /** A sync fails, and what it was to make durable may be lost. */
  readonly syncFailures?: boolean;
}
