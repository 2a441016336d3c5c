import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { UsageError } from '../cli/usage-error.ts';

const file = 'traces/cloudphysics-io.csv.gz';

/**
 * The keys of a recorded block trace, in the order of its requests and with their repetitions: real skew.
 *
 * The trace is other people's and is read in place: `$QUORATE_TESTDATA/traces/cloudphysics-io.csv.gz`, whose lines are
 * `version,time,op,size,lbn`. A key is `volume:0:block:` and the block number.
 *
 * @throws UsageError where the trace is not there
 */
export function traceKeys(countMax: number, testdata: string | undefined): string[] {
  const path = testdata === undefined ? undefined : join(testdata, file);
  if (path === undefined || !existsSync(path)) {
    throw new UsageError(
      `Keys of the trace need ${file} in the folder that QUORATE_TESTDATA names: received ${path}`,
    );
  }
  return parseTrace(gunzipSync(readFileSync(path)).toString('latin1'), countMax);
}

/** The keys of a trace's text. @throws RangeError where a line has no block number */
export function parseTrace(text: string, countMax: number): string[] {
  const lines = text.split(/\r?\n/).filter(line => line !== '');
  const column = (lines[0] ?? '').split(',').indexOf('lbn');
  if (column < 0) throw new RangeError(`Trace must have a column "lbn": received "${lines[0] ?? ''}"`);
  return lines.slice(1, countMax + 1).map((line, index) => {
    const block = line.split(',')[column];
    if (block === undefined || !/^\d+$/.test(block)) {
      throw new RangeError(`Trace line ${index + 2} must have a block number: received "${line}"`);
    }
    return `volume:0:block:${block}`;
  });
}
