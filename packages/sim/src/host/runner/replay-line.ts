import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { seedMax } from './seed-range.ts';
import { type PackedChanges, packChanges, type RunChanges, unpackChanges } from './run-changes.ts';

/** All that a run follows from, and what came of it. */
export interface Replay {
  /** The package whose scenario it is; absent where it was in no package's folder. */
  readonly package?: string;
  readonly scenario: string;
  readonly seed: number;
  readonly changes: RunChanges;
  readonly traceHash: string;
  /** Digests of the scenario's and the simulator's sources; absent where the sources were not known. */
  readonly scenarioDigest?: string;
  readonly simulatorDigest?: string;
}

const version = 'sim1';
const absent = '-';
/** Of what is packed into a line; more than any run's draws take. */
const changesMaxBytes = 16 * 1024 * 1024;

/**
 * One word that replays a run anywhere: the scenario, the seed, the trace's hash, digests of the code, and, deflated, what was
 * taken away. It needs no quotes in any shell.
 */
export function formatReplay(replay: Replay): string {
  const changes = packChanges(replay.changes);
  const isPlain = Object.keys(changes).length === 0;
  return [
    version,
    replay.package ?? absent,
    replay.scenario,
    replay.seed,
    replay.traceHash === '' ? absent : replay.traceHash,
    replay.scenarioDigest ?? absent,
    replay.simulatorDigest ?? absent,
    isPlain ? absent : deflateRawSync(JSON.stringify(changes), { level: 9 }).toString('base64url'),
  ].join('/');
}

/** Reads a line of {@link formatReplay}. @throws RangeError where it is none, or was cut off */
export function parseReplay(line: string): Replay {
  const [
    head,
    folder = '',
    scenario = '',
    seed = '',
    hash = '',
    code = '',
    simulator = '',
    packed = '',
    ...rest
  ] = line.trim().split('/');
  const looksRight =
    head === version &&
    rest.length === 0 &&
    packed !== '' &&
    [folder, scenario].every(name => /^[\w.-]+$/.test(name)) &&
    /^\d{1,10}$/.test(seed) &&
    Number(seed) <= seedMax &&
    [hash, code, simulator].every(digest => /^(?:-|[0-9a-f]{8,16})$/.test(digest));
  if (!looksRight) {
    throw new RangeError(
      `Replay line must look like ${version}/package/scenario/seed/hash/digest/digest/changes: received "${line.trim()}"`,
    );
  }
  return {
    ...(folder === absent ? {} : { package: folder }),
    scenario,
    seed: Number(seed),
    changes: packed === absent ? {} : inflateChanges(packed),
    traceHash: hash === absent ? '' : hash,
    ...(code === absent ? {} : { scenarioDigest: code }),
    ...(simulator === absent ? {} : { simulatorDigest: simulator }),
  };
}

function inflateChanges(packed: string): RunChanges {
  try {
    const text = inflateRawSync(Buffer.from(packed, 'base64url'), { maxOutputLength: changesMaxBytes });
    return unpackChanges(JSON.parse(text.toString()) as PackedChanges);
  } catch (error) {
    throw new RangeError(`Replay line must be whole: its end does not unpack (${(error as Error).message})`, {
      cause: error,
    });
  }
}
