import { P1, P2, P3, P4, P5 } from '../hash/xxh32-primes.ts';
import {
  aboveUnsigned,
  add,
  and,
  assemble,
  atLeastUnsigned,
  atMostUnsigned,
  type Code,
  call,
  constant,
  EXTERNREF,
  I32,
  local,
  mul,
  or,
  type Program,
  repeatWhile,
  returned,
  rotateLeft,
  set,
  shiftLeft,
  shiftRight,
  sub,
  tee,
  when,
  xor,
} from './assembler.ts';

/*
 * XXH32 of a string, in the steps of `hash/xxh32.ts`. Characters are read by the engine's own string builtins
 * (WebAssembly JS string builtins, `wasm:js-string`), which look at the string's representation once and not for every
 * character. A text that turns out not to be ASCII goes to the imported `encoded`, which is the function in JavaScript.
 */
const CHAR_CODE_AT = 0;
const LENGTH = 1;
const ENCODED = 2;

const TEXT = 0;
const SEED = 1;
const SIZE = 2;
const AT = 3;
const SEEN = 4;
const HASH = 5;
const LANES = [6, 7, 8, 9];
const LAST = 10;
const UNITS = [11, 12, 13, 14];

const STRING_AND_NUMBER = { parameters: [EXTERNREF, I32], result: I32 };

const unit = (offset: number): Code => call(CHAR_CODE_AT, local(TEXT), add(local(AT), constant(offset)));
const advance = (count: number): Code => set(AT, add(local(AT), constant(count)));
const see = (value: Code): Code => set(SEEN, or(local(SEEN), value));
const round = (sum: Code, bits: number, prime: number): Code => mul(rotateLeft(sum, bits), constant(prime));

/** Leaves four units as a little-endian word on the stack. */
function word(offset: number): Code {
  const [a = 0, b = 0, c = 0, d = 0] = UNITS;
  return [
    ...tee(a, unit(offset)),
    ...or([], shiftLeft(tee(b, unit(offset + 1)), 8)),
    ...or([], shiftLeft(tee(c, unit(offset + 2)), 16)),
    ...or([], shiftLeft(tee(d, unit(offset + 3)), 24)),
    ...see(or(or(local(a), local(b)), or(local(c), local(d)))),
  ];
}

function lane(index: number, offset: number): Code {
  return set(index, round(add(local(index), mul(word(offset), constant(P2))), 13, P1));
}

function tailWord(offset: number): Code {
  return set(HASH, round(add(local(HASH), mul(word(offset), constant(P3))), 17, P4));
}

function tailByte(offset: number): Code {
  const [a = 0] = UNITS;
  const byte = tee(a, unit(offset));
  return [...set(HASH, round(add(local(HASH), mul(byte, constant(P5))), 11, P1)), ...see(local(a))];
}

function stripes(): Code[] {
  const [a = 0, b = 0, c = 0, d = 0] = LANES;
  return [
    set(a, add(local(SEED), constant(P1 + P2))),
    set(b, add(local(SEED), constant(P2))),
    set(c, local(SEED)),
    set(d, sub(local(SEED), constant(P1))),
    set(LAST, sub(local(SIZE), constant(16))),
    repeatWhile(atMostUnsigned(local(AT), local(LAST)), [
      lane(a, 0),
      lane(b, 4),
      lane(c, 8),
      lane(d, 12),
      advance(16),
    ]),
    set(
      HASH,
      add(
        add(rotateLeft(local(a), 1), rotateLeft(local(b), 7)),
        add(rotateLeft(local(c), 12), rotateLeft(local(d), 18)),
      ),
    ),
  ];
}

function tail(): Code[] {
  const has = (bit: number): Code => and(local(SIZE), constant(bit));
  return [
    when(has(8), [tailWord(0), tailWord(4), advance(8)]),
    when(has(4), [tailWord(0), advance(4)]),
    when(has(2), [tailByte(0), tailByte(1), advance(2)]),
    when(has(1), [tailByte(0)]),
  ];
}

const mix = (bits: number): Code => xor(local(HASH), shiftRight(local(HASH), bits));

const program: Program = {
  imports: [
    { module: 'wasm:js-string', name: 'charCodeAt', signature: STRING_AND_NUMBER },
    { module: 'wasm:js-string', name: 'length', signature: { parameters: [EXTERNREF], result: I32 } },
    { module: 'ring', name: 'encoded', signature: STRING_AND_NUMBER },
  ],
  name: 'xxh32',
  signature: STRING_AND_NUMBER,
  locals: 13,
  body: [
    set(SIZE, call(LENGTH, local(TEXT))),
    when(atLeastUnsigned(local(SIZE), constant(16)), stripes(), [set(HASH, add(local(SEED), constant(P5)))]),
    set(HASH, add(local(HASH), local(SIZE))),
    ...tail(),
    when(aboveUnsigned(local(SEEN), constant(0x7f)), [returned(call(ENCODED, local(TEXT), local(SEED)))]),
    set(HASH, mul(mix(15), constant(P2))),
    set(HASH, mul(mix(13), constant(P3))),
    mix(16),
  ],
};

/** The module: imports `ring.encoded`, exports `xxh32(text, seed)`, which gives 32 signed bits. */
export function xxh32Module(): Uint8Array<ArrayBuffer> {
  return assemble(program);
}
