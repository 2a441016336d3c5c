/**
 * Peers over TCP and mutual TLS, and the certificates for it. Node only.
 *
 * @packageDocumentation
 */
export { createTcpTransport } from './host/tcp-transport.ts';
export type { TcpTransport, TcpTransportOptions } from './host/tcp-options.ts';
export type { TcpLimits } from './host/tcp-limits.ts';
export type { ConnectionEvent } from './host/tcp-node.ts';
export type { PeerStatus, StatusError, TcpStatus } from './host/tcp-status.ts';
export type { TlsCredentials } from './host/tls-identity.ts';
export {
  type AuthorityOptions,
  type ClusterAuthority,
  createClusterAuthority,
  type IssueOptions,
  type NodeCredentials,
  openClusterAuthority,
  renewalTime,
} from './host/cluster-authority.ts';
export type { PeerAddress } from './peer-address.ts';
