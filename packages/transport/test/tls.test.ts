import { type KeyObject, X509Certificate, generateKeyPairSync } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { ManualClock, nodeId, systemClock } from '@quorate/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameKind, frameHeaderBytes, writeFrame } from '../src/frame.ts';
import { encodeHello } from '../src/hello.ts';
import { makeCertificate } from '../src/host/x509.ts';
import { identityUri } from '../src/node-identity.ts';
import type { PeerAddress } from '../src/peer-address.ts';
import {
  type TcpTransport,
  type TlsCredentials,
  createClusterAuthority,
  createTcpTransport,
  openClusterAuthority,
  renewalTime,
} from '../src/tcp.ts';
import { RawPeer } from './raw-peer.ts';
import { Recorder } from './recorder.ts';
import { openMesh, testLimits, where } from './tcp-mesh.ts';
import { runCase, transportCases } from './transport-cases.ts';

const dayMs = 86_400_000;
const authority = createClusterAuthority({ cluster: 'default' });
const [a, b] = [nodeId('a'), nodeId('b')];

/** A clock whose wall stands `offsetMs` beside the real one: certificates of other times. */
function clockAt(offsetMs: number): ManualClock {
  return new ManualClock({ wallMs: systemClock.wallMs() + offsetMs });
}

describe('the TLS transport', () => {
  const subject = {
    name: 'tls',
    open: async (names: readonly ReturnType<typeof nodeId>[]) =>
      openMesh(names, { tlsOf: name => authority.issue(name) }),
  };
  for (const each of transportCases)
    test(each.name, () => expect(runCase(subject, each)).resolves.toBeUndefined());
});

describe('certificates', () => {
  test('say what X509Certificate reads', () => {
    const { certificatePem, notAfterMs, renewAtMs } = authority.issue('node/1', {
      hosts: ['db.example', '10.1.2.3', '2001:db8::7', '::ffff:1.2.3.4'],
    });
    const read = new X509Certificate(certificatePem);
    const root = new X509Certificate(authority.certificatePem);
    expect([root.ca, read.ca]).toEqual([true, false]);
    expect(read.verify(root.publicKey)).toBe(true);
    expect(read.checkIssued(root)).toBe(true);
    expect(root.checkIssued(root)).toBe(true);
    expect(read.subject).toBe('CN=default/node/1');
    expect(read.subjectAltName).toBe(
      'URI:quorate://default/node%2F1, DNS:db.example, IP Address:10.1.2.3, IP Address:2001:DB8:0:0:0:0:0:7, IP Address:0:0:0:0:0:FFFF:102:304',
    );
    expect(read.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
    expect(Date.parse(read.validTo)).toBe(Math.floor(notAfterMs / 1000) * 1000);
    expect(Math.abs(renewalTime(certificatePem) - renewAtMs)).toBeLessThan(200_000);
  });

  test('are accepted by openssl, strictly', ctx => {
    let version = '';
    try {
      version = execFileSync('openssl', ['version'], { encoding: 'utf8' });
    } catch {
      // Not on this machine.
    }
    ctx.skip(version === '', 'needs openssl on the machine');
    const folder = mkdtempSync(join(tmpdir(), 'quorate-'));
    try {
      const far = createClusterAuthority({ cluster: 'ünï "x"', validForMs: 20_000 * dayMs });
      for (const [name, issuer] of [
        ['near', authority],
        ['far', far],
      ] as const) {
        const node = issuer.issue('n'.repeat(255), {
          hosts: ['::1', 'localhost'],
          validForMs: 30_000 * dayMs,
        });
        writeFileSync(join(folder, `${name}-ca.pem`), issuer.certificatePem);
        writeFileSync(join(folder, `${name}.pem`), node.certificatePem);
        for (const purpose of ['sslserver', 'sslclient']) {
          const said = execFileSync(
            'openssl',
            ['verify', '-x509_strict', '-purpose', purpose, '-CAfile', `${name}-ca.pem`, `${name}.pem`],
            { cwd: folder, encoding: 'utf8', stdio: 'pipe' },
          );
          expect(said).toContain(`${name}.pem: OK`);
        }
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('of any node and cluster name exactly that one', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(name, name, (cluster, node) => {
        const issued = createClusterAuthority({ cluster }).issue(node);
        const read = new X509Certificate(issued.certificatePem);
        expect(read.subjectAltName).toBe(`URI:${identityUri(cluster, nodeId(node))}`);
        expect(read.verify(new X509Certificate(issued.authorityPem as string).publicKey)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  test('end with the authority at the latest', () => {
    const short = createClusterAuthority({ cluster: 'default', validForMs: dayMs });
    const { notAfterMs } = short.issue('a', { validForMs: 90 * dayMs });
    expect(notAfterMs).toBe(Date.parse(new X509Certificate(short.certificatePem).validTo));
  });

  test('are not made by an authority that has ended', () => {
    const short = createClusterAuthority({ cluster: 'default', validForMs: dayMs });
    const later = openClusterAuthority({ ...short, clock: clockAt(2 * dayMs) });
    expect(() => later.issue('a')).toThrow(/^Certificate of the authority cannot be used: it expired on /);
  });

  test('are made by an authority that was kept, too', () => {
    const again = openClusterAuthority({
      cluster: 'default',
      certificatePem: authority.certificatePem,
      privateKeyPem: authority.privateKeyPem,
    });
    const read = new X509Certificate(again.issue('a').certificatePem);
    expect(read.verify(new X509Certificate(authority.certificatePem).publicKey)).toBe(true);
    const { certificatePem } = createClusterAuthority({ cluster: 'default' });
    const { privateKeyPem } = authority;
    expect(() => openClusterAuthority({ cluster: 'default', certificatePem, privateKeyPem })).toThrow(
      TypeError,
    );
    expect(() => openClusterAuthority({ ...again, cluster: 'other' }).issue('a')).toThrow('received "other"');
  });

  test('are not made with a key whose signatures would not be what they say', () => {
    const rsa = selfSigned(generateKeyPairSync('rsa', { modulusLength: 2048 }), true);
    expect(() => openClusterAuthority({ cluster: 'default', ...rsa })).toThrow(
      'Key of the authority must be one for ECDSA: received rsa',
    );
  });

  test('are not made for what is no host, no node or no time', () => {
    for (const host of ['', 'a b', 'a,b', 'http://x', '1.2.3.4.', 'x'.repeat(254)])
      expect(() => authority.issue('a', { hosts: [host] })).toThrow(`received "${host}"`);
    expect(() => authority.issue('')).toThrow(RangeError);
    expect(() => authority.issue('a', { validForMs: 0 })).toThrow('received 0');
    expect(() => createClusterAuthority({ cluster: '' })).toThrow(RangeError);
  });
});

interface Pair {
  readonly dialer: TcpTransport;
  readonly acceptor: TcpTransport;
  readonly atDialer: Recorder;
  readonly atAcceptor: Recorder;
}

/** `a` dials `b`; `b` only waits. */
async function pair(
  dialerTls: TlsCredentials | undefined,
  acceptorTls: TlsCredentials | undefined,
  run: (pair: Pair) => Promise<void>,
): Promise<void> {
  const listen = { host: '127.0.0.1', port: 0 };
  await using acceptor = createTcpTransport({
    self: b,
    listen,
    peers: { a: undefined },
    limits: testLimits,
    tls: acceptorTls,
  });
  const [atDialer, atAcceptor] = [new Recorder(), new Recorder()];
  await acceptor.start(atAcceptor);
  await using dialer = createTcpTransport({
    self: a,
    peers: { b: where(acceptor) },
    limits: testLimits,
    tls: dialerTls,
  });
  await dialer.start(atDialer);
  await run({ dialer, acceptor, atDialer, atAcceptor });
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setImmediate(resolve));
}

/** Credentials of `node` that say what they should not: the library refuses to start with most of them, so it is told later. */
const foreign = createClusterAuthority({ cluster: 'default' });

describe('who is not who it says', () => {
  test('another authority: refused by the dialer', () =>
    pair(authority.issue(a), foreign.issue(b), async ({ dialer, atDialer, atAcceptor }) => {
      await until(() => dialer.status().peers[0]?.lastError !== undefined);
      expect(dialer.status().peers[0]?.lastError?.message).toMatch(/unable to verify|self-signed|signature/);
      expect([atDialer.connected.size, atAcceptor.connected.size]).toEqual([0, 0]);
    }));

  test('another authority: refused by the acceptor, which says why', () => {
    // This dialer believes both authorities, the acceptor only its own.
    const tls = { ...foreign.issue(a), authorityPem: [authority.certificatePem, foreign.certificatePem] };
    return pair(tls, authority.issue(b), async ({ dialer, acceptor, atDialer, atAcceptor }) => {
      await until(() => acceptor.status().lastRefusal !== undefined);
      expect(acceptor.status().lastRefusal?.message).toMatch(
        /CERTIFICATE: .*(SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY|SIGNATURE)/,
      );
      await until(() => dialer.status().peers[0]?.lastError?.code === 'PEER_REFUSED');
      expect(dialer.status().peers[0]?.lastError?.message).toContain('CERTIFICATE');
      expect([atDialer.connected.size, atAcceptor.connected.size]).toEqual([0, 0]);
    });
  });

  test('a certificate of another node: refused by the dialer', () =>
    asSomebodyElse('c', 'b', async address => {
      await using dialer = createTcpTransport({
        self: a,
        peers: { b: address },
        limits: testLimits,
        tls: authority.issue(a),
      });
      await dialer.start(new Recorder());
      await until(() => dialer.status().peers[0]?.lastError !== undefined);
      const { lastError } = dialer.status().peers[0] ?? {};
      expect(lastError?.code).toBe('CERTIFICATE_REJECTED');
      expect(lastError?.message).toContain('does not name quorate://default/b but URI:quorate://default/c');
    }));

  test.each<[string, () => Partial<TlsCredentials> | undefined, RegExp]>([
    [
      'of another node',
      () => authority.issue('c'),
      /does not name quorate:\/\/default\/a but URI:quorate:\/\/default\/c/,
    ],
    ['that is self-signed', () => createSelfSigned(), /SELF_SIGNED/],
    ['that has expired', () => createExpired(), /CERT_HAS_EXPIRED/],
    ['that is not valid yet', () => createEarly(), /CERT_NOT_YET_VALID/],
    ['of another cluster', () => otherCluster().issue(a), /does not name|UNABLE_TO_VERIFY|SIGNATURE|ISSUER/],
    ['at all', () => undefined, /showed none/],
  ])('a certificate %s: refused by the acceptor', async (_name, credentials, reason) => {
    await using acceptor = createTcpTransport({
      self: b,
      listen: { host: '127.0.0.1', port: 0 },
      peers: { a: undefined },
      limits: testLimits,
      tls: authority.issue(b),
    });
    const recorder = new Recorder();
    await acceptor.start(recorder);
    const { port } = acceptor.address as PeerAddress;
    const shown = credentials();
    const socket = connectTls({
      port,
      host: '127.0.0.1',
      rejectUnauthorized: false,
      ...(shown === undefined ? {} : { cert: shown.certificatePem ?? '', key: shown.privateKeyPem ?? '' }),
    });
    socket.on('error', () => {});
    socket.once('secureConnect', () => socket.write(helloOf('a')));
    await until(() => acceptor.status().lastRefusal !== undefined);
    expect(acceptor.status().lastRefusal?.message).toMatch(reason);
    expect(recorder.connected.size).toBe(0);
    socket.destroy();
  });

  test('no TLS on either side: refused by the other', async () => {
    await pair(undefined, authority.issue(b), async ({ dialer, acceptor }) => {
      await until(
        () => acceptor.status().refusedCount > 0 && dialer.status().peers[0]?.lastError !== undefined,
      );
      expect(acceptor.status().lastRefusal?.message).toContain('TLS failed');
    });
    await pair(authority.issue(a), undefined, async ({ dialer, acceptor }) => {
      await until(
        () => acceptor.status().refusedCount > 0 && dialer.status().peers[0]?.lastError !== undefined,
      );
      expect(acceptor.status().lastRefusal?.message).toContain('broke the protocol: frame 0: version');
    });
  });

  test('who never begins with TLS is dropped', async () => {
    await using acceptor = createTcpTransport({
      self: b,
      listen: { host: '127.0.0.1', port: 0 },
      limits: { ...testLimits, helloMs: 30, unauthenticatedMax: 2 },
      tls: authority.issue(b),
    });
    await acceptor.start(new Recorder());
    const silent = await RawPeer.connect(acceptor.address as PeerAddress);
    await silent.closed();
    await until(() => acceptor.status().refusedCount === 1);
    expect(acceptor.status().lastRefusal?.message).toContain('TLS failed');
  });

  test('credentials of another node are not started with', () => {
    const make = (tls: TlsCredentials): TcpTransport => createTcpTransport({ self: a, tls });
    expect(() => make(authority.issue(b))).toThrow('does not name quorate://default/a');
    expect(() => make(createExpired())).toThrow('it expired on');
    expect(() => make({ ...authority.issue(a), privateKeyPem: authority.issue(a).privateKeyPem })).toThrow(
      /Certificate of this node cannot be used: .*mismatch/,
    );
    expect(() => make({ ...authority.issue(a), certificatePem: 'none' })).toThrow('cannot be used');
    // Without an authority of its own the library would believe all those that the platform believes.
    for (const authorityPem of [
      '',
      [],
      ['none'],
      [authority.certificatePem, ''],
      authority.issue(a).certificatePem,
    ])
      expect(() => make({ ...authority.issue(a), authorityPem })).toThrow('cannot be used: ');
  });
});

function createSelfSigned(): Partial<TlsCredentials> {
  return selfSigned(generateKeyPairSync('ec', { namedCurve: 'P-256' }), false);
}

function selfSigned(
  { publicKey, privateKey }: { publicKey: KeyObject; privateKey: KeyObject },
  isAuthority: boolean,
): { certificatePem: string; privateKeyPem: string } {
  const now = systemClock.wallMs();
  const certificatePem = makeCertificate({
    serial: new Uint8Array(16).fill(7),
    issuer: 'default/a',
    subject: 'default/a',
    notBeforeMs: now - dayMs,
    notAfterMs: now + dayMs,
    publicKey,
    issuerKey: { public: publicKey, private: privateKey },
    authority: isAuthority,
    uris: [identityUri('default', a)],
    hosts: [],
  });
  return { certificatePem, privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }) };
}

function createExpired(): TlsCredentials {
  const past = openClusterAuthority({ ...authority, clock: clockAt(-10 * dayMs) });
  return past.issue(a, { validForMs: dayMs });
}

function createEarly(): TlsCredentials {
  return openClusterAuthority({ ...authority, clock: clockAt(dayMs) }).issue(a);
}

function otherCluster(): ReturnType<typeof createClusterAuthority> {
  return createClusterAuthority({ cluster: 'other' });
}

/** A node that has its own certificate and answers on the address of another. */
async function asSomebodyElse(
  real: string,
  posesAs: string,
  run: (address: string) => Promise<void>,
): Promise<void> {
  const listen = { host: '127.0.0.1', port: 0 };
  await using other = createTcpTransport({
    self: real,
    listen,
    limits: testLimits,
    tls: authority.issue(real),
  });
  await other.start(new Recorder());
  expect(posesAs).not.toBe(real);
  await run(where(other) as string);
}

describe('credentials are replaced while it runs', () => {
  test('for new connections; those that are up stay', () =>
    pair(authority.issue(a), authority.issue(b), async ({ dialer, acceptor, atDialer, atAcceptor }) => {
      await atDialer.until(() => atDialer.connected.has(b));
      // The cluster moves to another authority: both believe both first, then show the new certificates.
      const both = [authority.certificatePem, foreign.certificatePem];
      const next = (node: typeof a): TlsCredentials => ({ ...foreign.issue(node), authorityPem: both });
      dialer.replaceCredentials({ ...authority.issue(a), authorityPem: both });
      acceptor.replaceCredentials(next(b));
      dialer.replaceCredentials(next(a));
      expect(dialer.send(b, Uint8Array.of(1))).toBe('sent');
      await atAcceptor.until(() => atAcceptor.count === 1);
      expect(atDialer.disconnects).toEqual([]);
      dialer.disconnect(b, new Error('To connect anew'));
      await atDialer.until(() => atDialer.disconnects.length === 1);
      await atDialer.until(() => atDialer.connected.has(b));
      acceptor.replaceCredentials(foreign.issue(b));
      dialer.disconnect(b, new Error('To connect anew'));
      await atDialer.until(() => atDialer.disconnects.length === 2);
      await atDialer.until(() => atDialer.connected.has(b));
      expect(dialer.status().peers[0]?.reconnectCount).toBe(2);
    }));

  test('not by those of another node, nor where there is no TLS', () =>
    pair(authority.issue(a), authority.issue(b), async ({ dialer, atDialer }) => {
      expect(() => dialer.replaceCredentials(authority.issue(b))).toThrow('does not name');
      await atDialer.until(() => atDialer.connected.has(b));
      await using plain = createTcpTransport({ self: a });
      expect(() => plain.replaceCredentials(authority.issue(a))).toThrow(TypeError);
    }));
});

/** The first frame of a node, as bytes. */
function helloOf(name: string): Uint8Array {
  const payload = encodeHello({
    protocol: 1,
    messageMaxBytes: 1 << 20,
    silenceMs: 60_000,
    incarnation: '00'.repeat(16),
    cluster: 'default',
    node: nodeId(name),
  });
  const bytes = new Uint8Array(frameHeaderBytes + payload.length);
  writeFrame(bytes, 0, FrameKind.hello, 0, payload, 0);
  return bytes;
}
