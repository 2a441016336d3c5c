import { type KeyObject, createHash, sign } from 'node:crypto';
import { isIPv4, isIPv6 } from 'node:net';
import {
  bits,
  explicit,
  flags,
  implicit,
  integer,
  objectId,
  octets,
  sequence,
  set,
  text,
  time,
  yes,
} from './der.ts';

/** What a certificate says: X.509 version 3 (RFC 5280), signed with ECDSA over P-256 and SHA-256. */
export interface CertificatePlan {
  /** 16 random bytes. */
  readonly serial: Uint8Array;
  readonly issuer: string;
  readonly subject: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly publicKey: KeyObject;
  readonly issuerKey: { readonly public: KeyObject; readonly private: KeyObject };
  /** The certificate may sign others, and nothing else; or it may open and accept TLS connections, and nothing else. */
  readonly authority: boolean;
  /** URIs that it vouches for. */
  readonly uris: readonly string[];
  /** Names of hosts and IP addresses that it vouches for. */
  readonly hosts: readonly string[];
}

const oid = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const;

const usage = { digitalSignature: 0x80, keyCertSign: 0x04, crlSign: 0x02 } as const;
/** Longer common names are refused by some readers (RFC 5280, upper bounds). The identity is in the URI. */
const commonNameMax = 64;

/** Makes a certificate, in PEM. @throws RangeError for a host that is neither a name nor an address */
export function makeCertificate(plan: CertificatePlan): string {
  const algorithm = sequence(objectId(oid.ecdsaWithSha256));
  const body = sequence(
    explicit(0, integer(Uint8Array.of(2))),
    integer(positive(plan.serial)),
    algorithm,
    commonName(plan.issuer),
    sequence(time(plan.notBeforeMs), time(plan.notAfterMs)),
    commonName(plan.subject),
    spki(plan.publicKey),
    explicit(3, sequence(...extensions(plan))),
  );
  return pem('CERTIFICATE', sequence(body, algorithm, bits(sign('sha256', body, plan.issuerKey.private))));
}

function* extensions({
  authority,
  publicKey,
  issuerKey,
  uris,
  hosts,
}: CertificatePlan): Iterable<Uint8Array> {
  if (authority) {
    // It signs nodes, never other authorities: no certificates may stand between.
    yield extension(oid.basicConstraints, true, sequence(yes, integer(Uint8Array.of(0))));
    yield extension(oid.keyUsage, true, flags(usage.keyCertSign | usage.crlSign));
  } else {
    yield extension(oid.basicConstraints, true, sequence());
    yield extension(oid.keyUsage, true, flags(usage.digitalSignature));
    yield extension(
      oid.extendedKeyUsage,
      false,
      sequence(objectId(oid.serverAuth), objectId(oid.clientAuth)),
    );
    const names = [
      ...uris.map(uri => implicit(6, Buffer.from(uri, 'latin1'))),
      ...hosts.map(alternativeName),
    ];
    yield extension(oid.subjectAltName, false, sequence(...names));
  }
  yield extension(oid.subjectKeyIdentifier, false, octets(keyId(publicKey)));
  yield extension(oid.authorityKeyIdentifier, false, sequence(implicit(0, keyId(issuerKey.public))));
}

function extension(id: string, critical: boolean, value: Uint8Array): Uint8Array {
  return sequence(objectId(id), ...(critical ? [yes] : []), octets(value));
}

function alternativeName(host: string): Uint8Array {
  if (isIPv4(host)) return implicit(7, Uint8Array.from(host.split('.').map(Number)));
  if (isIPv6(host)) return implicit(7, ipv6Bytes(host));
  if (!/^(?=.{1,253}$)(?:\*\.)?[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*$/.test(host)) {
    throw new RangeError(`Host must be a name or an IP address: received "${host}"`);
  }
  return implicit(2, Buffer.from(host, 'latin1'));
}

/** The sixteen bytes of an address that is known to be one: `::` stands for as many zeros as are missing. */
function ipv6Bytes(address: string): Uint8Array {
  // The URL parser writes a dotted tail as two groups.
  const [head = '', tail] = new URL(`http://[${address.split('%')[0]}]`).hostname.slice(1, -1).split('::');
  const words = (part: string | undefined): readonly number[] =>
    part === undefined || part === '' ? [] : part.split(':').map(group => Number.parseInt(group, 16));
  const [before, after] = [words(head), words(tail)];
  const zeros = new Array<number>(8 - before.length - after.length).fill(0);
  return Uint8Array.from([...before, ...zeros, ...after].flatMap(word => [word >> 8, word & 255]));
}

function commonName(name: string): Uint8Array {
  const cut = Array.from(name).slice(0, commonNameMax).join('');
  return sequence(set(sequence(objectId(oid.commonName), text(cut))));
}

/** Names a key by the beginning of a SHA-256 of it (RFC 7093 §2). */
function keyId(key: KeyObject): Uint8Array {
  return createHash('sha256').update(spki(key)).digest().subarray(0, 20);
}

function spki(key: KeyObject): Uint8Array {
  return key.export({ type: 'spki', format: 'der' });
}

/** A serial number is above 0 and has at most 20 bytes. */
function positive(serial: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(serial);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes;
}

function pem(label: string, bytes: Uint8Array): string {
  const lines = Buffer.from(bytes)
    .toString('base64')
    .replace(/(.{64})(?!$)/g, '$1\n');
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}
