import { nodeId, seededRandom } from '@quorate/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { backoffMs } from '../src/backoff.ts';
import { type Candidate, replaces } from '../src/connection-choice.ts';
import {
  type Hello,
  decodeHello,
  decodeRefusal,
  encodeHello,
  encodeRefusal,
  helloMaxBytes,
} from '../src/hello.ts';
import { identityUri } from '../src/node-identity.ts';
import { formatAddress, isLoopback, parseAddress } from '../src/peer-address.ts';

describe('of two connections', () => {
  const nodes = ['a', 'b'].map(nodeId) as [ReturnType<typeof nodeId>, ReturnType<typeof nodeId>];
  const candidate: fc.Arbitrary<Candidate> = fc.record({
    dialer: fc.constantFrom(...nodes),
    incarnation: fc.constant('1'),
  });

  test('both ends keep the same one, in whichever order they came up', () => {
    fc.assert(
      fc.property(candidate, candidate, (one, other) => {
        const [a, b] = nodes;
        expect(replaces(one, other, a, b)).toBe(replaces(one, other, b, a));
        if (one.dialer === other.dialer) return;
        // The end that sees `one` first keeps what the end that sees `other` first keeps.
        const kept = replaces(other, one, a, b) ? other : one;
        expect(replaces(one, other, b, a) ? one : other).toBe(kept);
        expect(kept.dialer).toBe('a');
      }),
    );
  });

  test('that of a peer which was started again wins, and the later of two by one dialer', () => {
    const [a, b] = nodes;
    expect(replaces({ dialer: b, incarnation: '2' }, { dialer: a, incarnation: '1' }, a, b)).toBe(true);
    expect(replaces({ dialer: b, incarnation: '1' }, { dialer: b, incarnation: '1' }, a, b)).toBe(true);
    expect(replaces({ dialer: b, incarnation: '1' }, { dialer: a, incarnation: '1' }, a, b)).toBe(false);
  });
});

test('the wait between attempts is never below its floor, nor above its cap, and spreads over all between', () => {
  const random = seededRandom('backoff');
  const limits = { minMs: 50, maxMs: 5000 };
  for (let attempt = 0; attempt < 2000; attempt++) {
    const waits = Array.from({ length: 20 }, () => backoffMs(attempt, limits, random));
    const cap = Math.min(5000, 50 * 2 ** (attempt + 1));
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(50);
    expect(Math.max(...waits)).toBeLessThanOrEqual(cap);
  }
  const late = Array.from({ length: 1000 }, () => backoffMs(30, limits, random));
  expect(late.filter(wait => wait < 1000).length).toBeGreaterThan(100);
  expect(late.filter(wait => wait > 4000).length).toBeGreaterThan(100);
});

describe('hello', () => {
  const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 127 });
  const hello: fc.Arbitrary<Hello> = fc.record({
    protocol: fc.nat(),
    messageMaxBytes: fc.nat(),
    silenceMs: fc.nat(),
    incarnation: fc
      .uint8Array({ minLength: 16, maxLength: 16 })
      .map(bytes => Buffer.from(bytes).toString('hex')),
    cluster: text,
    node: text.map(nodeId),
  });

  test('comes back as it went, and fits what a stranger may send', () => {
    fc.assert(
      fc.property(hello, value => {
        const bytes = encodeHello(value);
        expect(bytes.length).toBeLessThanOrEqual(helloMaxBytes);
        expect(decodeHello(bytes)).toEqual(value);
        expect(decodeHello(bytes.subarray(0, -1))).toBeUndefined();
        expect(decodeHello(Buffer.concat([bytes, Uint8Array.of(0)]))).toBeUndefined();
      }),
    );
  });

  test('refusals come back as they went', () => {
    fc.assert(
      fc.property(text, text, (reason, message) => {
        const bytes = encodeRefusal({ reason, message });
        expect(decodeRefusal(bytes)).toEqual({ reason, message });
        expect(decodeRefusal(bytes.subarray(0, -1))).toBeUndefined();
      }),
    );
    expect(encodeRefusal({ reason: 'CLOSING', message: 'x'.repeat(9000) }).length).toBeLessThan(
      helloMaxBytes,
    );
  });

  test('any other bytes are none, and break nothing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        const decoded = decodeHello(bytes);
        if (decoded !== undefined) expect(Buffer.from(encodeHello(decoded))).toEqual(Buffer.from(bytes));
        decodeRefusal(bytes);
      }),
    );
    expect(decodeRefusal(Uint8Array.of(1, 0, 0xff, 0, 0))).toBeUndefined();
  });
});

describe('addresses', () => {
  test.each([
    ['db1.example:7000', 'db1.example', 7000],
    ['10.0.0.1:1', '10.0.0.1', 1],
    ['[::1]:65535', '::1', 65_535],
    ['[fe80::1%eth0]:80', 'fe80::1%eth0', 80],
  ])('%s', (text, host, port) => {
    expect(parseAddress(text)).toEqual({ host, port });
    expect(formatAddress({ host, port })).toBe(text);
  });

  test.each(['', 'host', 'host:', ':80', 'host:0', 'host:65536', '::1:80', '[::1]', 'a b:80', 'http://a:80'])(
    '"%s" is none',
    text => expect(() => parseAddress(text)).toThrow(RangeError),
  );

  test('what certainly stays on this machine', () => {
    for (const host of ['localhost', 'LOCALHOST', '127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])
      expect(isLoopback(host)).toBe(true);
    for (const host of [
      '0.0.0.0',
      '::',
      '10.0.0.1',
      '127.evil.example',
      '127.0.0.1.example',
      '127.0.0.999', // No address, so a name.
      'local',
      '1127.0.0.1',
      '',
    ])
      expect(isLoopback(host)).toBe(false);
  });
});

test('two names of nodes never give one URI, and none can end early', () => {
  const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(name, name, name, name, (cluster, node, otherCluster, otherNode) => {
      const uri = identityUri(cluster, nodeId(node));
      expect(uri).toMatch(/^quorate:\/\/[\w.~%-]+\/[\w.~%-]+$/);
      const same = cluster === otherCluster && node === otherNode;
      expect(uri === identityUri(otherCluster, nodeId(otherNode))).toBe(same);
    }),
  );
  expect(identityUri('main', nodeId("a/b, 'c'"))).toBe('quorate://main/a%2Fb%2C%20%27c%27');
  expect(() => identityUri('main', nodeId('\ud800'))).toThrow(RangeError);
});
