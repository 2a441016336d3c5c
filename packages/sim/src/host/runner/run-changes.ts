import type { RunOptions } from '../../run-result.ts';
import { type NameRanges, packNames, unpackNames } from './name-ranges.ts';

/** What makes a run differ from that of its bare seed. */
export type RunChanges = Pick<RunOptions, 'without' | 'safetyMs' | 'earlierMs'>;

/** The same, as it is written into lines and files. */
export interface PackedChanges {
  readonly without?: NameRanges;
  readonly safetyMs?: number;
  readonly earlierMs?: number;
}

/** Packs the changes among `options`; nothing is said of what is not changed. */
export function packChanges({ without = [], safetyMs, earlierMs = 0 }: RunChanges): PackedChanges {
  return {
    ...(without.length === 0 ? {} : { without: packNames(without) }),
    ...(safetyMs === undefined ? {} : { safetyMs }),
    ...(earlierMs === 0 ? {} : { earlierMs }),
  };
}

/** @throws RangeError where something is no range or no time */
export function unpackChanges({ without, safetyMs, earlierMs }: PackedChanges): RunChanges {
  for (const [name, ms] of Object.entries({ safetyMs, earlierMs })) {
    if (ms === undefined || (Number.isFinite(ms) && ms >= 0)) continue;
    throw new RangeError(`Change "${name}" must be a number of at least 0: received ${String(ms)}`);
  }
  const ranges = Object.values(without ?? {});
  if (!ranges.every(range => typeof range === 'string')) {
    throw new RangeError('Change "without" must have ranges such as "0-16,18" or "all" by label');
  }
  return {
    ...(without === undefined ? {} : { without: unpackNames(without) }),
    ...(safetyMs === undefined ? {} : { safetyMs }),
    ...(earlierMs === undefined ? {} : { earlierMs }),
  };
}
