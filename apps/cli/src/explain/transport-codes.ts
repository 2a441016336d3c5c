import type { ErrorCode } from './error-code.ts';

const transport = '@quorate/transport';

/** Codes of transports, requests and streams. */
export const transportCodes: Readonly<Record<string, ErrorCode>> = {
  ALREADY_STARTED: {
    from: transport,
    means: 'A transport was started a second time.',
    advice: 'Start a transport once; make another one for other handlers.',
  },
  CERTIFICATE_REJECTED: {
    from: transport,
    means: 'A certificate or a key cannot be used: expired, of another authority, or of another node.',
    advice: "Issue a certificate for this node by the cluster's authority.",
  },
  CONNECTION_LOST: {
    from: transport,
    means: 'The connection ended after a request was sent, so nobody knows whether the peer has done it.',
    advice: 'Repeat it under the same operation id, or read before you write again.',
  },
  CONNECTION_SUPERSEDED: {
    from: transport,
    means: 'The peer has connected anew, so the older connection was closed.',
    advice: 'Nothing. If it happens all the time, two processes use one node id.',
  },
  CONNECT_FAILED: {
    from: transport,
    means: 'A peer cannot be reached, or did not answer in time. The transport tries again by itself.',
    advice: 'Look whether the peer runs, and whether its address is right.',
  },
  HANDLER_FAILED: {
    from: transport,
    means: 'The handler at the peer threw something that is no QuorateError, or returned no bytes.',
    advice: "Look into the peer's log. Throw a QuorateError whose outcome says whether anything was done.",
  },
  NAME_IN_USE: {
    from: transport,
    means:
      'A living thread has that name in the shared network, or both ends of a port were given the same one.',
    advice: 'Give each thread a name of its own; that of a thread that has died is free again.',
  },
  PEER_REFUSED: {
    from: transport,
    means: 'The peer refused the connection and said why: another cluster, or a node that it does not know.',
    advice: 'Compare cluster names and lists of peers on both sides.',
  },
  PEER_REJECTED: {
    from: transport,
    means: 'What answered for a peer, or connected, is not who it should be.',
    advice: 'Look at addresses and certificates: somebody else may listen there.',
  },
  PEER_SILENT: {
    from: transport,
    means:
      'Nothing was heard from a peer for `silenceMs`, heartbeats included, so the connection was closed.',
    advice: 'The peer is stopped, overloaded or cut off. The transport connects again by itself.',
  },
  PROTOCOL_VIOLATION: {
    from: transport,
    means: 'A peer sent bytes that are no message. That cost its connection and nothing else.',
    advice: 'Look for another version on the other side, or for somebody who does not belong there.',
  },
  RESPONSE_TOO_LARGE: {
    from: transport,
    means: 'The handler ran, and its answer does not fit into a message.',
    advice: 'Answer with a stream, or in parts.',
  },
  SLOW_READER: {
    from: transport,
    means: 'A peer took nothing of what was written to it for `stallMs`, so the connection was closed.',
    advice: 'Look what keeps its event loop busy.',
  },
  TLS_REQUIRED: {
    from: transport,
    means: 'A TCP transport was to listen or dial beyond the loopback interface without `tls`.',
    advice: 'Give credentials, or `insecure: true` where everybody may be any node.',
  },
  UNAVAILABLE: {
    from: 'every Transport and Store',
    means: 'The other side cannot be reached. Unless the outcome says otherwise, nothing was done.',
    advice: 'Repeat it later with growing pauses.',
  },
  UNKNOWN_METHOD: {
    from: transport,
    means: 'The peer has no handler for that method.',
    advice: 'Look for another version on the other side, or for a typing error.',
  },
};
