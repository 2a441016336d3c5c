import { createHash, hash as hashAtOnce } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Ring } from '@quorate/ring';
import { bytesLoop, freshKeyLoop } from '../src/kernels/key-loop.ts';
import { type Context, defineSuite, type Kernel } from '../src/suite.ts';

const params = { keys: [20_000] };

/** Every key of the run, as a string that was made a moment before. */
function strings(context: Context, hash: (key: string) => number): Kernel {
  return freshKeyLoop(context.keys(context.number('keys')), hash);
}

function bytes(context: Context, hash: (key: Uint8Array) => number): Kernel {
  return bytesLoop(context.keys(context.number('keys')), hash);
}

/** The low 32 bits of a 64-bit hash. */
function low32(hash: bigint): number {
  return Number(BigInt.asIntN(32, hash));
}

export default defineSuite({
  name: 'hash',
  about: "The rings' hash functions, as ring.hash(key) has them, beside what Node brings natively.",
  benches: [
    {
      name: 'string',
      about:
        'different functions for one purpose: a key to a place; node:crypto and node:zlib are native code',
      params,
      contenders: {
        '@quorate/ring xxh32': context => {
          const ring = Ring.build({ nodes: ['a'] });
          return strings(context, key => ring.hash(key));
        },
        '@quorate/ring crc16': context => {
          const ring = Ring.build({ algorithm: 'slots', nodes: ['a'] });
          return strings(context, key => ring.hash(key));
        },
        '@quorate/ring murmur3': context => {
          const ring = Ring.build({ algorithm: 'tokens', nodes: ['a'] });
          return strings(context, key => low32(ring.hash(key)));
        },
        '@quorate/ring xxh64': context => {
          const ring = Ring.build({ algorithm: 'envoy-ring', nodes: ['a'] });
          return strings(context, key => low32(ring.hash(key)));
        },
        'node:zlib crc32': context => strings(context, key => crc32(key)),
        'node:crypto md5': context =>
          strings(context, key => hashAtOnce('md5', key, 'buffer').readInt32LE(0)),
      },
    },
    {
      name: 'bytes',
      about: 'the same keys as bytes',
      params,
      contenders: {
        '@quorate/ring xxh32': context => {
          const ring = Ring.build({ nodes: ['a'] });
          return bytes(context, key => ring.hash(key));
        },
        'node:zlib crc32': context => bytes(context, key => crc32(key)),
        'node:crypto md5': context => bytes(context, key => hashAtOnce('md5', key, 'buffer').readInt32LE(0)),
      },
    },
    {
      name: 'md5 of a string',
      about: 'one function three ways, equal checksums; ours is JavaScript, node:crypto is OpenSSL',
      params,
      agree: true,
      contenders: {
        '@quorate/ring ketama': context => {
          const ring = Ring.build({ algorithm: 'ketama', nodes: ['a'] });
          return strings(context, key => ring.hash(key));
        },
        'node:crypto hash': context =>
          strings(context, key => hashAtOnce('md5', key, 'buffer').readUInt32LE(0)),
        'node:crypto createHash': context =>
          strings(context, key => createHash('md5').update(key).digest().readUInt32LE(0)),
      },
    },
  ],
});
