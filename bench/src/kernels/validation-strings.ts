import { mix, mixedWords } from './mixed-words.ts';
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

/** Names put together from parts, and read. */
const joining: UnitWork = {
  units: 100,
  opsPerUnit: 12,
  setUp(count) {
    const parts = Array.from({ length: 16 }, (_, index) => text(6 + (index % 5), 61 + index));
    const seeds = mixedWords(count, 42);
    return unit => {
      const seed = seeds[unit] as number;
      let sum = 0;
      for (let op = 0; op < 12; op++) {
        const name = `${parts[(seed + op) & 15] as string}:${parts[op] as string}/${parts[(seed + 3) & 15] as string}`;
        sum = (Math.imul(sum, 31) + name.charCodeAt(name.length - 2) + name.charCodeAt(9)) | 0;
      }
      return sum;
    };
  },
};

/** Slices of a short text, compared with each other. */
const comparing: UnitWork = {
  units: 100,
  opsPerUnit: 24,
  setUp(count) {
    const whole = text(4096, 81);
    const seeds = mixedWords(count, 43);
    return unit => {
      let at = (seeds[unit] as number) & 0x7ff;
      let last = '';
      let sum = 0;
      for (let op = 0; op < 24; op++) {
        const slice = whole.slice(at, at + 24);
        if (slice < last) sum += op;
        if (slice.startsWith('a')) sum += 100;
        sum = (Math.imul(sum, 31) + slice.indexOf('e')) | 0;
        at = (at + 37) & (0xfff - 0x20);
        last = slice;
      }
      return sum;
    };
  },
};

const lineLength = 48;
const linesPerUnit = 40;

/** Lines found and cut out of a text that is larger than the first cache. */
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
        sum = (Math.imul(sum, 31) + line.charCodeAt(line.length >> 1) + line.length) | 0;
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
