/** How the 63 bits of an id are used: milliseconds since an epoch, then the worker, then a number within the millisecond. */
export interface IdLayoutOptions {
  /** Where time begins, ms since 1970. All who use a name must agree, on the bits too. Default the start of 2025. */
  readonly epochMs?: number;
  /** Default 10: 1,024 workers at a time. */
  readonly workerBits?: number;
  /** Default 12: 4,096 ids a millisecond and worker. With the worker's at most 22, so that time lasts for 69 years. */
  readonly sequenceBits?: number;
}

/** Bits of an id; the sign is never used. */
const idBits = 63;
const lowBitsMax = 22;

/** What an id is made of. */
export interface IdParts {
  readonly timeMs: number;
  readonly worker: number;
  readonly sequence: number;
}

/** Puts ids together and takes them apart: as Snowflake's (Twitter 2010), with any split of the bits. */
export class IdLayout {
  readonly epochMs: number;
  readonly workerBits: number;
  readonly sequenceBits: number;

  /** @throws RangeError */
  constructor({ epochMs = 1_735_689_600_000, workerBits = 10, sequenceBits = 12 }: IdLayoutOptions = {}) {
    if (!Number.isSafeInteger(epochMs) || epochMs < 0)
      throw new RangeError(`Epoch in ms must be an integer of at least 0: received ${epochMs}`);
    if (!(Number.isInteger(workerBits) && workerBits >= 1 && workerBits <= 16))
      throw new RangeError(`Bits of the worker must be an integer from 1 to 16: received ${workerBits}`);
    const most = lowBitsMax - workerBits;
    if (!(Number.isInteger(sequenceBits) && sequenceBits >= 4 && sequenceBits <= most))
      throw new RangeError(
        `Bits of the sequence must be an integer from 4 to ${most}: received ${sequenceBits}`,
      );
    this.epochMs = epochMs;
    this.workerBits = workerBits;
    this.sequenceBits = sequenceBits;
  }

  /** How many workers there can be. */
  get workers(): number {
    return 2 ** this.workerBits;
  }

  /** How many ids a worker has in a millisecond. */
  get perMs(): number {
    return 2 ** this.sequenceBits;
  }

  /** The bits below the time. */
  get lowBits(): number {
    return this.workerBits + this.sequenceBits;
  }

  /** The last millisecond that there is an id for. */
  get lastMs(): number {
    return this.epochMs + 2 ** (idBits - this.lowBits) - 1;
  }

  /** @throws RangeError where a part does not fit */
  join({ timeMs, worker, sequence }: IdParts): bigint {
    const since = timeMs - this.epochMs;
    if (!(Number.isInteger(since) && since >= 0 && timeMs <= this.lastMs))
      throw new RangeError(`Time in ms must be from ${this.epochMs} to ${this.lastMs}: received ${timeMs}`);
    if (!(Number.isInteger(worker) && worker >= 0 && worker < this.workers))
      throw new RangeError(`Worker must be an integer from 0 to ${this.workers - 1}: received ${worker}`);
    if (!(Number.isInteger(sequence) && sequence >= 0 && sequence < this.perMs))
      throw new RangeError(`Sequence must be an integer from 0 to ${this.perMs - 1}: received ${sequence}`);
    const low = (BigInt(worker) << BigInt(this.sequenceBits)) | BigInt(sequence);
    return (BigInt(since) << BigInt(this.lowBits)) | low;
  }

  /** @throws RangeError where it is no id */
  split(id: bigint): IdParts {
    checkId(id);
    const low = Number(id & ((1n << BigInt(this.lowBits)) - 1n));
    return {
      timeMs: this.epochMs + Number(id >> BigInt(this.lowBits)),
      worker: Math.floor(low / this.perMs),
      sequence: low % this.perMs,
    };
  }
}

/** Crockford's digits: they sort as their values, and none looks like another. */
const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** An id in 13 characters, which sort as the ids do. @throws RangeError where it is no id */
export function idText(id: bigint): string {
  checkId(id);
  return wordsText(Number(id >> 32n), Number(id & 0xffff_ffffn) | 0);
}

/** The id of {@link idText}. @throws RangeError where it is none */
export function idOfText(text: string): bigint {
  let id = 0n;
  for (const character of text) {
    const digit = digits.indexOf(character);
    if (digit === -1 || text.length !== 13) throw new RangeError(`Id must be 13 digits: received "${text}"`);
    id = (id << 5n) | BigInt(digit);
  }
  if (text.length !== 13) throw new RangeError(`Id must be 13 digits: received "${text}"`);
  checkId(id);
  return id;
}

/** {@link idText} of an id's two words. */
export function wordsText(high: number, low: number): string {
  return (
    fiveBits(high >>> 18, 3) +
    fiveBits(((low >>> 25) | (high << 7)) & 0x1ff_ffff, 5) +
    fiveBits(low & 0x1ff_ffff, 5)
  );
}

function fiveBits(value: number, count: number): string {
  let text = '';
  for (let shift = 5 * (count - 1); shift >= 0; shift -= 5) text += digits[(value >>> shift) & 31];
  return text;
}

function checkId(id: bigint): void {
  if (typeof id !== 'bigint') throw new TypeError(`Id must be a bigint: received ${String(id)}`);
  if (id < 0n || id >= 1n << BigInt(idBits))
    throw new RangeError(`Id must be from 0 to 2^63 - 1: received ${id}`);
}
