import { checked, checksumBytes, sealed } from './checksum.ts';
import { NameReader, NameWriter } from './name-codec.ts';
import { type QueueStep, readStep, writeStep } from './queue-step.ts';

/** A message of a partition's log: steps of one client, carried out one after the other and at one time. */
export interface QueueRecord {
  /** Who wrote it, 8 bytes of chance in base64url, and its number among that client's. */
  readonly writer: string;
  readonly number: number;
  readonly steps: readonly QueueStep[];
}

const formatVersion = 1;
const writerBytes = 8;

/** Takes in steps until it is full. */
export class RecordWriter {
  readonly #bytes = new NameWriter(512);
  #count = 0;

  constructor(writer: string, number: number) {
    this.#bytes.byte(formatVersion).raw(Buffer.from(writer, 'base64url')).integer(number);
  }

  get byteCount(): number {
    return this.#bytes.length + checksumBytes;
  }

  get stepCount(): number {
    return this.#count;
  }

  /** Whether there is room for the steps of one call: all of them are taken in, or none. */
  add(steps: readonly QueueStep[], maxBytes: number): boolean {
    const isTaken = this.#bytes.fits(maxBytes - checksumBytes, () => {
      for (const step of steps) writeStep(this.#bytes, step);
    });
    if (isTaken) this.#count += steps.length;
    return isTaken;
  }

  /** The whole record. Nothing can be added afterwards. */
  done(): Uint8Array {
    return sealed(this.#bytes);
  }
}

/** @throws RangeError where it is not of this format, or was changed on its way */
export function decodeRecord(bytes: Uint8Array): QueueRecord {
  const content = checked(bytes);
  const reader = new NameReader(content);
  const version = reader.byte();
  if (version !== formatVersion)
    throw new RangeError(`Format of a record must be ${formatVersion}: received ${version}`);
  const writer = Buffer.from(reader.raw(writerBytes)).toString('base64url');
  const number = reader.integer();
  const steps: QueueStep[] = [];
  while (!reader.isAtEnd) steps.push(readStep(reader));
  return { writer, number, steps };
}
