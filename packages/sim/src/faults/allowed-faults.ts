import type {
  ClockFaults,
  DiskFaults,
  FaultOptions,
  NetworkFaults,
  ProcessFaults,
} from '../fault-options.ts';

/** What a scenario allows, with every default filled in. */
export interface AllowedFaults {
  /** Kebab-case names of the kinds that may strike, in an order that never changes. */
  readonly kinds: readonly string[];
  readonly network: NetworkFaults & { readonly mode: 'stream' | 'datagram'; readonly latencyMaxMs: number };
  readonly process: ProcessFaults & { readonly pauseMaxMs: number; readonly downMax: number };
  readonly clock: ClockFaults & { readonly jumpMaxMs: number };
  readonly disk: DiskFaults;
}

const everyNetworkFault: NetworkFaults = {
  loss: true,
  duplication: true,
  reordering: true,
  corruption: true,
  resets: true,
  partitions: true,
  clogs: true,
};
const everyClockFault: ClockFaults = { skewMaxMs: 10_000, driftMax: 0.01, jumps: true };
const everyDiskFault: DiskFaults = {
  latencyMaxMs: 100,
  torn: true,
  rot: true,
  full: true,
  syncFailures: true,
};

/** Fills in the defaults of a scenario's {@link FaultOptions}. */
export function allowedFaults(faults: FaultOptions, nodeCount: number): AllowedFaults {
  const network = optionsOf(faults.network, everyNetworkFault);
  const process = optionsOf<ProcessFaults>(faults.process, { crashes: true, pauses: true });
  const clock = optionsOf(faults.clock, everyClockFault);
  const disk = optionsOf(faults.disk, everyDiskFault);
  const datagram = network.mode === 'datagram';
  const kinds: readonly (readonly [string, unknown])[] = [
    ['loss', network.loss],
    ['duplication', datagram && network.duplication],
    ['reordering', datagram && network.reordering],
    ['corruption', datagram && network.corruption],
    ['resets', !datagram && network.resets],
    ['partitions', network.partitions],
    ['clogs', network.clogs],
    ['crashes', process.crashes],
    ['disk-crashes', process.crashes],
    ['pauses', process.pauses],
    ['skew', clock.skewMaxMs],
    ['drift', clock.driftMax],
    ['jumps', clock.jumps],
    ['disk-latency', disk.latencyMaxMs],
    ['torn', disk.torn],
    ['rot', disk.rot],
    ['full', disk.full],
    ['sync-failures', disk.syncFailures],
  ];
  return {
    kinds: kinds.filter(([, allowed]) => Boolean(allowed)).map(([kind]) => kind),
    network: { ...network, mode: network.mode ?? 'stream', latencyMaxMs: network.latencyMaxMs ?? 100 },
    process: {
      ...process,
      pauseMaxMs: process.pauseMaxMs ?? 10_000,
      downMax: process.downMax ?? Math.max(1, nodeCount - 1),
    },
    clock: { ...clock, jumpMaxMs: clock.jumpMaxMs ?? 60_000 },
    disk,
  };
}

/** Where a group names no kind that may strike, every kind may that it does not rule out. */
function optionsOf<Options extends object>(given: boolean | Options | undefined, every: Options): Options {
  if (given === true) return every;
  if (typeof given !== 'object') return {} as Options;
  const kinds = Object.keys(every) as (keyof Options)[];
  return kinds.some(kind => Boolean(given[kind])) ? given : { ...every, ...given };
}
