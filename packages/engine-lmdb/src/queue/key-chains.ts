import type { SortedBytes } from '../sorted-bytes.ts';
import type { Cell } from './cell-table.ts';
import { CellDamage, isSound, sealed } from './queue-record.ts';
import { behindAll, cellTextKey, heldKey, queueTables, sequenceOfKey } from './queue-keys.ts';

/** How many messages of a key are out, waiting or leased, and how many are held behind them. */
interface Chain {
  outCount: number;
  heldCount: number;
}

/** The messages of each key, in the order in which they were put: as many are out as the next one allows. */
export class KeyChains {
  readonly #bytes: SortedBytes;

  constructor(bytes: SortedBytes) {
    this.#bytes = bytes;
  }

  /** Takes one more of a key in. @returns whether it is out at once */
  add(cell: Cell, key: string, sequence: number, keyActiveMax: number): boolean {
    const chain = this.#get(cell, key);
    const isOut = chain.heldCount === 0 && chain.outCount < keyActiveMax;
    if (isOut) chain.outCount++;
    else {
      chain.heldCount++;
      cell.heldCount++;
      const place = heldKey(cell.id, key, sequence);
      const record = Buffer.allocUnsafe(8);
      record.writeUInt32LE(Math.min(keyActiveMax, 0xffff_ffff), 4);
      this.#bytes.put(place, sealed(place, record));
    }
    this.#put(cell, key, chain);
    return isOut;
  }

  isHeld(cell: Cell, key: string, sequence: number): boolean {
    return this.#bytes.get(heldKey(cell.id, key, sequence)) !== undefined;
  }

  /** Takes a message out for good. @returns the sequences of those that are let out by it */
  remove(cell: Cell, key: string, sequence: number): number[] {
    const chain = this.#get(cell, key);
    const place = heldKey(cell.id, key, sequence);
    if (chain.heldCount > 0 && this.#bytes.get(place) !== undefined) {
      this.#bytes.remove(place);
      chain.heldCount--;
      cell.heldCount--;
    } else chain.outCount--;
    const letOut = this.#letOut(cell, key, chain);
    this.#put(cell, key, chain);
    return letOut;
  }

  #letOut(cell: Cell, key: string, chain: Chain): number[] {
    const letOut: number[] = [];
    const start = heldKey(cell.id, key);
    while (chain.heldCount > 0) {
      const [first] = this.#bytes.keys({ start, end: behindAll(start), limit: 1 });
      const record = first && this.#bytes.get(first);
      if (first === undefined || record === undefined || !isSound(first, record))
        throw new CellDamage(cell.id);
      const keyActiveMax = record.readUInt32LE(4);
      if (chain.outCount >= keyActiveMax) break;
      this.#bytes.remove(first);
      chain.heldCount--;
      cell.heldCount--;
      chain.outCount++;
      letOut.push(sequenceOfKey(first));
    }
    return letOut;
  }

  #get(cell: Cell, key: string): Chain {
    const place = cellTextKey(queueTables.chain, cell.id, key);
    const record = this.#bytes.get(place);
    if (record === undefined) return { outCount: 0, heldCount: 0 };
    if (!isSound(place, record)) throw new CellDamage(cell.id);
    return { outCount: record.readUInt32LE(4), heldCount: record.readUInt32LE(8) };
  }

  #put(cell: Cell, key: string, { outCount, heldCount }: Chain): void {
    const place = cellTextKey(queueTables.chain, cell.id, key);
    if (outCount <= 0 && heldCount === 0) {
      this.#bytes.remove(place);
      return;
    }
    const record = Buffer.allocUnsafe(12);
    record.writeUInt32LE(Math.max(0, outCount), 4);
    record.writeUInt32LE(heldCount, 8);
    this.#bytes.put(place, sealed(place, record));
  }
}
