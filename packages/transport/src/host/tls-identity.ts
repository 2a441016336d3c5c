import { X509Certificate } from 'node:crypto';
import { type SecureContext, type TLSSocket, type TlsOptions, connect, createSecureContext } from 'node:tls';
import { type Clock, type NodeId, QuorateError } from '@quorate/core';
import { identityUri } from '../node-identity.ts';
import type { PeerAddress } from '../peer-address.ts';

/** What a node proves itself with and what it believes others by. All in PEM. */
export interface TlsCredentials {
  /** The node's certificate, and those between it and the authority if there are any. */
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  /** The authorities of the cluster. Two while one takes over from the other. */
  readonly authorityPem: string | readonly string[];
}

/** TLS 1.3 alone, the fastest of its ciphers on machines with AES instructions first. */
const versions = { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3' } as const;
const ciphers = 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256';

/** Mutual TLS: both sides show a certificate of the cluster's authority that names them. */
export class TlsIdentity {
  readonly #cluster: string;
  readonly #self: NodeId;
  readonly #clock: Clock;
  #options: TlsOptions;
  #context: SecureContext;

  /** @throws QuorateError `CERTIFICATE_REJECTED` as {@link replace} does */
  constructor(cluster: string, self: NodeId, clock: Clock, credentials: TlsCredentials) {
    this.#cluster = cluster;
    this.#self = self;
    this.#clock = clock;
    this.#options = this.#read(credentials);
    this.#context = createSecureContext(this.#options);
  }

  /** What a server listens with. It takes any certificate, so that the reason for a refusal can be told: see `faultOf`. */
  get serverOptions(): TlsOptions {
    return { ...this.#options, requestCert: true, rejectUnauthorized: false };
  }

  /**
   * Proves itself with other credentials from the next connection on.
   *
   * @throws QuorateError `CERTIFICATE_REJECTED` when the certificate is not this node's, or key and certificate do not match
   */
  replace(credentials: TlsCredentials): TlsOptions {
    const options = this.#read(credentials);
    this.#context = createSecureContext(options);
    this.#options = options;
    return this.serverOptions;
  }

  /**
   * Connects to a peer; a certificate that does not name it fails the connection, with `CERTIFICATE_REJECTED`. Where it is not
   * known who listens, whoever says a name has to be held to it with {@link faultOf}.
   */
  connect({ host, port }: PeerAddress, peer: NodeId | undefined): TLSSocket {
    return connect({
      host,
      port,
      secureContext: this.#context,
      ...versions,
      rejectUnauthorized: true,
      // The certificate names a node, not a host: a node may move.
      checkServerIdentity: (_host, certificate) => {
        if (peer === undefined) return undefined;
        const fault = this.#faultOfName(new X509Certificate(certificate.raw), peer);
        return fault === undefined ? undefined : rejected(`Certificate of "${peer}" is refused: ${fault}`);
      },
    });
  }

  /** Why the other side of a connection is not `peer`; `undefined` if it is. */
  faultOf(socket: TLSSocket, peer: NodeId): string | undefined {
    const certificate = socket.getPeerX509Certificate();
    if (certificate === undefined) return 'it showed none';
    if (!socket.authorized) return String(socket.authorizationError);
    return this.#faultOfName(certificate, peer);
  }

  #faultOfName(certificate: X509Certificate, node: NodeId): string | undefined {
    const now = this.#clock.wallMs();
    // A session that was resumed was not checked again by the library.
    if (now > Date.parse(certificate.validTo)) return `it expired on ${certificate.validTo}`;
    if (now < Date.parse(certificate.validFrom)) return `it is not valid before ${certificate.validFrom}`;
    const uri = identityUri(this.#cluster, node);
    const names = certificate.subjectAltName?.split(', ') ?? [];
    if (names.includes(`URI:${uri}`)) return undefined;
    return `it does not name ${uri} but ${certificate.subjectAltName ?? 'nobody'}`;
  }

  #read({ certificatePem, privateKeyPem, authorityPem }: TlsCredentials): TlsOptions {
    const ca = typeof authorityPem === 'string' ? [authorityPem] : [...authorityPem];
    const options = {
      cert: certificatePem,
      key: privateKeyPem,
      ca,
      ciphers,
      ...versions,
    };
    let fault: string | undefined;
    try {
      fault = this.#faultOfName(new X509Certificate(certificatePem), this.#self) ?? faultOfAuthorities(ca);
      if (fault === undefined) createSecureContext(options);
    } catch (thrown) {
      fault = thrown instanceof Error ? thrown.message : String(thrown);
    }
    if (fault !== undefined) throw rejected(`Certificate of this node cannot be used: ${fault}`);
    return options;
  }
}

/** With none the library would believe every authority that the platform does. */
function faultOfAuthorities(authorities: readonly string[]): string | undefined {
  const good = authorities.length > 0 && authorities.every(pem => new X509Certificate(pem).ca);
  return good
    ? undefined
    : 'it needs the certificates of authorities, and of nobody else, to believe others by';
}

function rejected(message: string): QuorateError {
  return new QuorateError('CERTIFICATE_REJECTED', message, { outcome: 'not-applied', retryable: false });
}
