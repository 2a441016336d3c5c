import { crc32, QuorateError } from '@quorate/core';

/** What a record begins with. */
export const checksumBytes = 4;

/** Begins a record with the checksum of its key and of all that follows. @returns the record */
export function sealed(key: Uint8Array, record: Buffer): Buffer {
  record.writeUInt32LE(crc32(record, checksumBytes, record.length, crc32(key)), 0);
  return record;
}

/** Whether a record is what was written under this key. */
export function isSound(key: Uint8Array, record: Buffer): boolean {
  if (record.length < checksumBytes) return false;
  return record.readUInt32LE(0) === crc32(record, checksumBytes, record.length, crc32(key));
}

/** What is stored is not what was written. */
export function recordCorrupt(what: string): QuorateError {
  return new QuorateError(
    'RECORD_CORRUPT',
    `${what} does not match its checksum: the disk or the memory is faulty`,
    {
      outcome: 'not-applied',
    },
  );
}

/** Thrown out of a transaction that met damage in a cell: nothing of it counts, and the cell is put in order before it is tried again. */
export class CellDamage extends Error {
  override readonly name = 'CellDamage';
  readonly cell: number;

  constructor(cell: number) {
    super(`The records of queue ${cell} are damaged`);
    this.cell = cell;
  }
}
