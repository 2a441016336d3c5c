/**
 * A small assembler for WebAssembly: just what `xxh32-program.ts` needs, written so that a program reads as expressions.
 *
 * Code is a list of bytes; an expression is the code of its operands followed by an opcode. The binary format is that of
 * the WebAssembly core specification, chapter 5.
 */
export type Code = readonly number[];

/** Value types. */
export const I32 = 0x7f;
export const EXTERNREF = 0x6f;

export const local = (index: number): Code => [0x20, ...unsigned(index)];
export const set = (index: number, value: Code): Code => [...value, 0x21, ...unsigned(index)];
/** Sets a local and leaves the value on the stack. */
export const tee = (index: number, value: Code): Code => [...value, 0x22, ...unsigned(index)];
export const constant = (value: number): Code => [0x41, ...signed(value | 0)];
export const call = (index: number, ...operands: Code[]): Code => [
  ...operands.flat(),
  0x10,
  ...unsigned(index),
];

export const add = (a: Code, b: Code): Code => [...a, ...b, 0x6a];
export const sub = (a: Code, b: Code): Code => [...a, ...b, 0x6b];
export const mul = (a: Code, b: Code): Code => [...a, ...b, 0x6c];
export const and = (a: Code, b: Code): Code => [...a, ...b, 0x71];
export const or = (a: Code, b: Code): Code => [...a, ...b, 0x72];
export const xor = (a: Code, b: Code): Code => [...a, ...b, 0x73];
export const shiftLeft = (a: Code, bits: number): Code => [...a, ...constant(bits), 0x74];
export const shiftRight = (a: Code, bits: number): Code => [...a, ...constant(bits), 0x76];
export const rotateLeft = (a: Code, bits: number): Code => [...a, ...constant(bits), 0x77];
export const aboveUnsigned = (a: Code, b: Code): Code => [...a, ...b, 0x4b];
export const atMostUnsigned = (a: Code, b: Code): Code => [...a, ...b, 0x4d];
export const atLeastUnsigned = (a: Code, b: Code): Code => [...a, ...b, 0x4f];

const NO_RESULT = 0x40;
const END = 0x0b;

export const returned = (value: Code): Code => [...value, 0x0f];
export const when = (condition: Code, then: readonly Code[], otherwise?: readonly Code[]): Code => {
  const rest = otherwise === undefined ? [] : [0x05, ...otherwise.flat()];
  return [...condition, 0x04, NO_RESULT, ...then.flat(), ...rest, END];
};
/** Runs the body, and again as long as the condition holds after it. */
export const repeatWhile = (condition: Code, body: readonly Code[]): Code => {
  return [0x03, NO_RESULT, ...body.flat(), ...condition, 0x0d, 0, END];
};

/** A function's type. */
export interface Signature {
  readonly parameters: readonly number[];
  readonly result: number;
}

/** A module of imports and one exported function. */
export interface Program {
  readonly imports: readonly {
    readonly module: string;
    readonly name: string;
    readonly signature: Signature;
  }[];
  readonly name: string;
  readonly signature: Signature;
  /** Locals of type i32 after the parameters. */
  readonly locals: number;
  readonly body: readonly Code[];
}

/** "\0asm", version 1. */
const PREAMBLE: Code = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** The module's bytes. Function indexes count the imports first, then the function itself. */
export function assemble(program: Program): Uint8Array<ArrayBuffer> {
  const { imports, signature, name, locals, body } = program;
  const types = [...imports.map(entry => entry.signature), signature].map(({ parameters, result }) => {
    return [0x60, ...list(parameters.map(type => [type])), 1, result];
  });
  const imported = imports.map((entry, i) => [
    ...text(entry.module),
    ...text(entry.name),
    0x00,
    ...unsigned(i),
  ]);
  const code = [...list([[...unsigned(locals), I32]]), ...body.flat(), END];
  return new Uint8Array([
    ...PREAMBLE,
    ...section(1, list(types)),
    ...section(2, list(imported)),
    ...section(3, list([unsigned(imports.length)])),
    ...section(7, list([[...text(name), 0x00, ...unsigned(imports.length)]])),
    ...section(10, list([[...unsigned(code.length), ...code]])),
  ]);
}

function section(id: number, content: Code): Code {
  return [id, ...unsigned(content.length), ...content];
}

function list(entries: readonly Code[]): Code {
  return [...unsigned(entries.length), ...entries.flat()];
}

function text(value: string): Code {
  const bytes = new TextEncoder().encode(value);
  return [...unsigned(bytes.length), ...bytes];
}

/** LEB128 of an unsigned number. */
function unsigned(value: number): Code {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest];
}

/** LEB128 of a signed 32-bit number. */
function signed(value: number): Code {
  const bytes: number[] = [];
  let rest = value;
  for (; rest < -64 || rest > 63; rest >>= 7) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest & 0x7f];
}
