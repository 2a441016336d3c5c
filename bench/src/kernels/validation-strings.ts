import { mix, mixedWords } from './validation-words.ts';
import type { UnitWork } from './slowed-work.ts';

const letters = 'abcdefghijklmnopqrstuvwxyz012345';

/** A flat string of random letters. */
function text(length: number, seed: number): string {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at++) bytes[at] = letters.charCodeAt(mix(at + seed * 7919) & 31);
  return bytes.toString('latin1');
}

const characters = 32;

/** Hashing keys of 32 characters one by one. */
const hashing: UnitWork = {
  units: 200,
  opsPerUnit: 10,
  setUp() {
    const keys = Array.from({ length: 16 }, (_, index) => text(characters, 41 + index));
    return unit => {
      let hash = mix(unit);
      for (let op = 0; op < 10; op++) {
        const key = keys[(unit + op) & 15] as string;
        for (let at = 0; at < characters; at++) {
          hash = Math.imul(hash ^ key.charCodeAt(at), 0x0100_0193);
        }
      }
      return hash;
    };
  },
};

const known = 128;

/** Names put together from parts, read, and compared with names that are known. */
const joining: UnitWork = {
  units: 40,
  opsPerUnit: 4,
  setUp(count) {
    const parts = Array.from({ length: 16 }, (_, index) => text(8, 61 + index));
    const names = Array.from({ length: known }, (_, index) => text(26, 91 + index));
    const seeds = mixedWords(count, 42);
    return unit => {
      const seed = seeds[unit] as number;
      let sum = 0;
      for (let op = 0; op < 4; op++) {
        const name = `${parts[(seed + op) & 15] as string}:${parts[op] as string}/${parts[seed & 15] as string}`;
        for (let at = 0; at < name.length; at++) sum = (Math.imul(sum, 31) + name.charCodeAt(at)) | 0;
        for (const other of names) sum += name === other ? 3 : 1;
      }
      return sum | 0;
    };
  },
};

const kept = 12;

/** Slices of a short text, each compared with the last few. */
const comparing: UnitWork = {
  units: 100,
  opsPerUnit: 8,
  setUp(count) {
    const whole = text(4096, 81);
    const seeds = mixedWords(count, 43);
    const last = Array.from({ length: kept }, () => '');
    return unit => {
      last.fill('');
      let sum = (seeds[unit] as number) | 0;
      for (let op = 0; op < 8; op++) {
        const slice = whole.slice(op * 37, op * 37 + 24);
        for (const other of last) sum = (Math.imul(sum, 31) + (slice < other ? 1 : 2)) | 0;
        sum = (Math.imul(sum, 31) + slice.indexOf('e') + slice.lastIndexOf('a')) | 0;
        last[op % kept] = slice;
      }
      return sum;
    };
  },
};

const lineLength = 48;
const linesPerUnit = 8;

/** Lines that are found, cut out and hashed, of a text that is larger than the first cache. */
const lines: UnitWork = {
  units: 100,
  opsPerUnit: linesPerUnit,
  setUp(count) {
    const bytes = Buffer.from(text(count * linesPerUnit * lineLength, 44), 'latin1');
    for (let at = lineLength - 1; at < bytes.length; at += lineLength) bytes[at] = 0x0a;
    const whole = bytes.toString('latin1');
    return unit => {
      let at = unit * linesPerUnit * lineLength;
      let sum = 0;
      for (let op = 0; op < linesPerUnit; op++) {
        const end = whole.indexOf('\n', at);
        const line = whole.slice(at, end);
        for (let column = 0; column < line.length; column++) {
          sum = (Math.imul(sum, 31) + line.charCodeAt(column)) | 0;
        }
        at = end + 1;
      }
      return sum;
    };
  },
};

/** Strings: made, cut, compared and read. */
export const strings: Readonly<Record<string, UnitWork>> = {
  'hashing characters': hashing,
  'names from parts': joining,
  'slices compared': comparing,
  'lines of a text': lines,
};
