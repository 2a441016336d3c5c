import {
  type KeyObject,
  X509Certificate,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
} from 'node:crypto';
import {
  type Clock,
  type NodeId,
  QuorateError,
  type Random,
  nodeId,
  systemClock,
  systemRandom,
} from '@quorate/core';
import { identityUri } from '../node-identity.ts';
import type { TlsCredentials } from './tls-identity.ts';
import { makeCertificate } from './x509.ts';

const dayMs = 86_400_000;
/** Certificates are valid a little before they are made: the clocks of a cluster differ. */
const skewMs = 300_000;

/** What {@link createClusterAuthority} and {@link openClusterAuthority} take. */
export interface AuthorityOptions {
  readonly cluster: string;
  readonly clock?: Clock | undefined;
  /** For serial numbers; keys are always of the platform's secure source. */
  readonly random?: Random | undefined;
}

/** What a node's certificate shall say. */
export interface IssueOptions {
  /** Names and IP addresses under which other programs reach the node; nodes of the cluster go by its id. */
  readonly hosts?: readonly string[] | undefined;
  /** Default 90 days; never beyond the authority's own end. */
  readonly validForMs?: number | undefined;
}

/** A node's certificate and key, ready for `createTcpTransport({ tls })`. */
export interface NodeCredentials extends TlsCredentials {
  /** When the certificate should be replaced: two thirds into its validity. */
  readonly renewAtMs: number;
  /** When it ends. */
  readonly notAfterMs: number;
}

/** Who says which node is which. Its private key is the cluster's secret: it belongs on no node. */
export interface ClusterAuthority {
  readonly cluster: string;
  readonly certificatePem: string;
  /** PKCS #8, not encrypted. */
  readonly privateKeyPem: string;
  /**
   * Makes a key and a certificate for a node: the first, and each one that replaces it.
   *
   * @throws RangeError for a node's id or a host that is none. @throws TypeError when the cluster is not the authority's
   * @throws QuorateError `CERTIFICATE_REJECTED` when the authority has expired
   */
  issue(node: NodeId | string, options?: IssueOptions): NodeCredentials;
}

/**
 * Makes the authority of a new cluster: a self-signed certificate for ECDSA over P-256.
 *
 * Keys are ECDSA over P-256 rather than Ed25519: every TLS library takes them, and on current processors OpenSSL signs with
 * them as fast.
 *
 * @throws RangeError when the cluster's name is empty or too long, or the validity is no positive number
 */
export function createClusterAuthority(
  options: AuthorityOptions & { /** Default ten years. */ readonly validForMs?: number | undefined },
): ClusterAuthority {
  const { cluster, validForMs = 3653 * dayMs, clock = systemClock, random = systemRandom } = options;
  const now = clock.wallMs();
  const keys = newKeys();
  const name = authorityName(nodeId(cluster));
  const certificatePem = makeCertificate({
    serial: random.bytes(16),
    issuer: name,
    subject: name,
    notBeforeMs: now - skewMs,
    notAfterMs: now + checkValidity(validForMs),
    publicKey: keys.public,
    issuerKey: keys,
    authority: true,
    uris: [],
    hosts: [],
  });
  return new Authority(options, certificatePem, keys);
}

/**
 * The authority of a cluster from what was kept of it.
 *
 * @throws TypeError when the key is not one for ECDSA or does not belong to the certificate
 * @throws Error of the platform when either cannot be read
 */
export function openClusterAuthority(
  options: AuthorityOptions & { readonly certificatePem: string; readonly privateKeyPem: string },
): ClusterAuthority {
  const { certificatePem, privateKeyPem } = options;
  const privateKey = createPrivateKey(privateKeyPem);
  const { asymmetricKeyType } = privateKey;
  if (asymmetricKeyType !== 'ec')
    throw new TypeError(`Key of the authority must be one for ECDSA: received ${asymmetricKeyType}`);
  const certificate = new X509Certificate(certificatePem);
  if (!certificate.ca || !certificate.checkPrivateKey(privateKey)) {
    throw new TypeError('Certificate must be that of an authority and belong to the key');
  }
  return new Authority(options, certificatePem, { private: privateKey, public: createPublicKey(privateKey) });
}

interface Keys {
  readonly public: KeyObject;
  readonly private: KeyObject;
}

class Authority implements ClusterAuthority {
  readonly cluster: string;
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  readonly #keys: Keys;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #notAfterMs: number;
  readonly #certificate: X509Certificate;

  constructor(options: AuthorityOptions, certificatePem: string, keys: Keys) {
    const { cluster, clock = systemClock, random = systemRandom } = options;
    this.cluster = nodeId(cluster);
    this.certificatePem = certificatePem;
    this.privateKeyPem = toPem(keys.private);
    this.#keys = keys;
    this.#clock = clock;
    this.#random = random;
    this.#certificate = new X509Certificate(certificatePem);
    this.#notAfterMs = Date.parse(this.#certificate.validTo);
  }

  issue(node: NodeId | string, options: IssueOptions = {}): NodeCredentials {
    const { hosts = [], validForMs = 90 * dayMs } = options;
    const id = nodeId(node);
    const now = this.#clock.wallMs();
    if (now > this.#notAfterMs) {
      throw new QuorateError(
        'CERTIFICATE_REJECTED',
        `Certificate of the authority cannot be used: it expired on ${this.#certificate.validTo}`,
        { outcome: 'not-applied' },
      );
    }
    const notAfterMs = Math.min(now + checkValidity(validForMs), this.#notAfterMs);
    const keys = newKeys();
    const certificatePem = makeCertificate({
      serial: this.#random.bytes(16),
      issuer: authorityName(this.cluster),
      subject: `${this.cluster}/${id}`,
      notBeforeMs: now - skewMs,
      notAfterMs,
      publicKey: keys.public,
      issuerKey: this.#keys,
      authority: false,
      uris: [identityUri(this.cluster, id)],
      hosts,
    });
    if (!new X509Certificate(certificatePem).checkIssued(this.#certificate)) {
      throw new TypeError(
        `Cluster must be the one that the authority was made for: received "${this.cluster}"`,
      );
    }
    return {
      certificatePem,
      privateKeyPem: toPem(keys.private),
      authorityPem: this.certificatePem,
      renewAtMs: now + ((notAfterMs - now) * 2) / 3,
      notAfterMs,
    };
  }
}

/** When a certificate should be replaced: two thirds into its validity. For credentials that were read from files. */
export function renewalTime(certificatePem: string): number {
  const { validFrom, validTo } = new X509Certificate(certificatePem);
  const from = Date.parse(validFrom);
  return from + ((Date.parse(validTo) - from) * 2) / 3;
}

function authorityName(cluster: string): string {
  return `${cluster} authority`;
}

function newKeys(): Keys {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { public: publicKey, private: privateKey };
}

function toPem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' });
}

function checkValidity(validForMs: number): number {
  if (!(validForMs > 0) || validForMs > 36_525 * dayMs)
    throw new RangeError(`Validity in ms must be above 0 and at most 100 years: received ${validForMs}`);
  return validForMs;
}
