/** What a file of the journal's folder is, by its name. */
export type FileName =
  | { readonly type: 'segment'; readonly number: number }
  | { readonly type: 'snapshot'; readonly group: number; readonly serial: number }
  | { readonly type: 'temporary' }
  | { readonly type: 'foreign' };

/** Eight hexadecimal digits, so that names sort like numbers. */
function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}

export function segmentName(number: number): string {
  return `segment-${hex(number)}.log`;
}

/** @param serial tells the snapshots of one group apart; later ones have greater ones */
export function snapshotName(group: number, serial: number): string {
  return `snapshot-${hex(group)}-${hex(serial)}.snap`;
}

/** The journal's files with this ending are unfinished, and removed when it is opened. */
export const temporaryEnding = '.tmp';

/** A segment that was given back and is going to be another one. */
export const spareName: string = `spare${temporaryEnding}`;

export function readFileName(name: string): FileName {
  if (name === spareName) return { type: 'temporary' };
  if (name.endsWith(temporaryEnding)) {
    const { type } = readFileName(name.slice(0, -temporaryEnding.length));
    return { type: type === 'segment' || type === 'snapshot' ? 'temporary' : 'foreign' };
  }
  const segment = /^segment-([0-9a-f]{8})\.log$/.exec(name);
  if (segment !== null) return { type: 'segment', number: Number.parseInt(segment[1] as string, 16) };
  const snapshot = /^snapshot-([0-9a-f]{8})-([0-9a-f]{8})\.snap$/.exec(name);
  if (snapshot === null) return { type: 'foreign' };
  const group = Number.parseInt(snapshot[1] as string, 16);
  return { type: 'snapshot', group, serial: Number.parseInt(snapshot[2] as string, 16) };
}
