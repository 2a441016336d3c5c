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

/** Files with this ending are unfinished, and removed when the journal is opened. */
export const temporaryEnding = '.tmp';

export function readFileName(name: string): FileName {
  if (name.endsWith(temporaryEnding)) return { type: 'temporary' };
  const segment = /^segment-([0-9a-f]{8})\.log$/.exec(name);
  if (segment !== null) return { type: 'segment', number: Number.parseInt(segment[1] as string, 16) };
  const snapshot = /^snapshot-([0-9a-f]{8})-([0-9a-f]{8})\.snap$/.exec(name);
  if (snapshot === null) return { type: 'foreign' };
  const group = Number.parseInt(snapshot[1] as string, 16);
  return { type: 'snapshot', group, serial: Number.parseInt(snapshot[2] as string, 16) };
}
