import type { LeaseHandle, Settlement, StateWrite } from '@quorate/core';
import type { BlobWriter } from './blob-writer.ts';
import { sequenceOf, writeName } from './message-name.ts';
import { writeHeaders, writePuts } from './write-puts.ts';

/** Says that something comes with a settlement. */
const isFollowed = 32;

const kinds = { acknowledge: 0, release: 1, move: 2 } as const;
/** A release that takes an attempt back. */
const unstartedRelease = 3;

/** A settlement and the sequence of its message, where that is known. */
export interface NamedSettlement {
  readonly settlement: Settlement;
  readonly sequence: number | undefined;
}

/** What a settlement's run is called: its queue, and NUL behind it where all there is to it is that it is acknowledged, by sequence. */
export function runOf({ settlement, sequence }: NamedSettlement): string {
  const { queue } = settlement.lease;
  return sequence !== undefined && isAcknowledgement(settlement) ? `${queue}\0` : queue;
}

/** Writes one settlement as the script reads it. */
export function writeSettlement(writer: BlobWriter, { settlement, sequence }: NamedSettlement): void {
  const { lease, action, puts = [], state = [] } = settlement;
  if (sequence !== undefined && isAcknowledgement(settlement)) {
    writeLease(writer, 0, lease, sequence);
    writer.name(sequenceOf(lease.id) === sequence ? '' : lease.id);
    return;
  }
  const follows = puts.length > 0 || state.length > 0;
  const isUnstarted = action.type === 'release' && action.unstarted === true;
  const kind = isUnstarted ? unstartedRelease : kinds[action.type];
  writeLease(writer, kind + (follows ? isFollowed : 0), lease, sequence);
  if (action.type !== 'acknowledge') {
    if (action.type === 'release') writer.double(action.delayMs);
    else writer.name(action.queue);
    writeHeaders(writer, action.headers ?? {});
  }
  if (!follows) return;
  const from = writer.begin();
  writeStates(writer, state);
  writePuts(writer, puts);
  writer.sized(from);
}

function isAcknowledgement({ action, puts, state }: Settlement): boolean {
  return action.type === 'acknowledge' && !puts?.length && !state?.length;
}

/** Writes a lease behind what is done with it. A token beyond 2^53 is nobody's. */
export function writeLease(
  writer: BlobWriter,
  kind: number,
  { id, token }: LeaseHandle,
  sequence: number | undefined,
): void {
  writeName(writer, kind, id, sequence);
  writer.double(token <= Number.MAX_SAFE_INTEGER ? Number(token) : -1);
}

function writeStates(writer: BlobWriter, writes: readonly StateWrite[]): void {
  writer.count(writes.length);
  for (const { key, value, version = -1, expiresAtMs = -1 } of writes) {
    writer.name(key);
    writer.double(version);
    writer.double(expiresAtMs);
    writer.byte(value === undefined ? 0 : 1);
    if (value === undefined) continue;
    writer.count(value.length);
    writer.bytes(value);
  }
}
