import type { ErrorCode } from './error-code.ts';

/** Codes of the node's HTTP API, in the `code` of its problem bodies (RFC 9457). */
export const nodeCodes: Readonly<Record<string, ErrorCode>> = {
  ANSWER_TOO_LARGE: {
    from: 'node, HTTP 413',
    means:
      'A batch has been answered with as many bytes of values as a node sends at once; this key was not.',
    advice: 'Ask for the remaining keys in another batch.',
  },
  BAD_DEADLINE: {
    from: 'node, HTTP 400',
    means: 'The header Deadline-Ms is not a number of at least 0.',
    advice: 'Send milliseconds, or leave the header out.',
  },
  BAD_JSON: {
    from: 'node, HTTP 400',
    means: 'The body is not JSON in UTF-8.',
    advice:
      'Send valid JSON. Large or binary values of single keys need no JSON: put them as the body itself.',
  },
  BAD_KEY: {
    from: 'node, HTTP 400',
    means: 'The key is empty, not a string, given more than once, or not well-formed Unicode.',
    advice: 'Send one key, percent-encoded UTF-8 in the address.',
  },
  BAD_PEER_MESSAGE: {
    from: 'node, HTTP 400 or 502',
    means: 'A message between nodes was malformed.',
    advice: 'Check that all nodes run the same version and that the address belongs to a node.',
  },
  BAD_READ_MODE: {
    from: 'node, HTTP 400',
    means: 'A read asked for a mode that there is not.',
    advice: 'Use linearizable, lease, follower or local.',
  },
  BAD_REQUEST: {
    from: 'node, HTTP 400',
    means: 'A field of the request is missing or has a wrong type; the message names it.',
    advice: 'Correct the field that the message names.',
  },
  BAD_SESSION: {
    from: 'node, HTTP 400',
    means: 'The session or the number of an operation is none.',
    advice: 'Send what opening the session answered, and count operations from 1.',
  },
  BAD_TARGET: {
    from: 'node, HTTP 400',
    means: 'The request target does not start with a slash.',
    advice: 'Send the path, not a whole address, in the request line: do not use the node as a proxy.',
  },
  BAD_VIEW: {
    from: 'node, HTTP 400',
    means:
      'A view (the list of members) was refused: it names no node, a node twice, or an address that is not loopback.',
    advice: 'Correct what the message names. Views come from the supervisor alone.',
  },
  BATCH_TOO_LARGE: {
    from: 'node, HTTP 413',
    means: 'A batch has more operations than the limit.',
    advice: 'Split the batch.',
  },
  BODY_CUT_OFF: {
    from: 'node, HTTP 400',
    means: 'The body ended before its declared end; nothing was done.',
    advice: 'Send the request again.',
  },
  BODY_TOO_LARGE: {
    from: 'node, HTTP 413',
    means: 'The request body is larger than the limit; reading stopped there.',
    advice: 'Send less at once.',
  },
  CHANGE_RUNNING: {
    from: 'node, HTTP 409',
    means: 'Another change of membership is being handed over, and changes are done one at a time.',
    advice: 'Wait until it has settled, then repeat.',
  },
  FOREIGN_ORIGIN: {
    from: 'node, HTTP 403',
    means: 'A write came from a page of another site.',
    advice: 'Use the page that the node serves, or a client that is not a browser.',
  },
  INTERNAL: {
    from: 'node, HTTP 500',
    means: "A defect: something happened that nobody foresaw. The node's log has the reason.",
    advice: 'Report it with the log. The outcome is unknown: read before you write again.',
  },
  JSON_TOO_DEEP: {
    from: 'node, HTTP 400',
    means: 'The JSON nests deeper than the limit; it was not parsed.',
    advice: 'Flatten it.',
  },
  KEY_NOT_FOUND: {
    from: 'node, HTTP 404',
    means: 'The owner of the key was asked, and the key has no value.',
    advice: 'Nothing: this is an answer, not a failure.',
  },
  KEY_TOO_LONG: {
    from: 'node, HTTP 400',
    means: 'The key has more bytes of UTF-8 than the limit.',
    advice: 'Use shorter keys; a hash of the long one will do.',
  },
  LISTEN_FAILED: {
    from: '@quorate/transport; node, at its start',
    means: 'The address could not be listened on; the message has the system error, or it is the cause.',
    advice: 'Choose another port or address.',
  },
  MISDIRECTED: {
    from: 'node, HTTP 421',
    means:
      'The Host header is not one that this node answers to. That stops pages which rebind a name to loopback.',
    advice: 'Ask by the address that the node printed at its start.',
  },
  NOT_JSON: {
    from: 'node, HTTP 415',
    means: 'The body is not declared as application/json.',
    advice: 'Send Content-Type: application/json.',
  },
  NOT_READY: {
    from: 'node, HTTP 503',
    means: 'The node has not been told yet who is in the cluster.',
    advice: 'Repeat shortly, or ask another node.',
  },
  NOT_SETTLED: {
    from: 'node, HTTP 409',
    means: 'A view cannot be declared settled: keys are still to come, or the node is in another view.',
    advice: 'Wait for the handover to finish.',
  },
  NO_REPLICA: {
    from: 'node, HTTP 409, and demo',
    means: 'The node hosts no replica.',
    advice: 'Ask a node that does; the page and `GET /v1/replica` tell.',
  },
  NO_SUCH_ROUTE: {
    from: 'node, HTTP 404',
    means: 'Nothing answers to this method and path.',
    advice: 'Check the path: the API starts with /v1/.',
  },
  OVERLOADED: {
    from: '@quorate/transport; node, HTTP 429',
    means:
      'The node or peer works on as much as it takes at once, or too many answers are missing; this one was not begun.',
    advice: 'Back off, then repeat. It is safe to.',
  },
  OWNER_MOVING: {
    from: 'node, HTTP 503',
    means: 'The nodes did not agree in time on who owns the key, for the membership is changing.',
    advice: 'Repeat after a moment.',
  },
  OWNER_UNREACHABLE: {
    from: 'node, HTTP 503',
    means:
      'The owner of the key could not be asked. A write may have taken effect if it got there first: see the outcome.',
    advice: 'Repeat reads. For writes, read first when the outcome is unknown.',
  },
  PEER_TIMEOUT: {
    from: 'node, HTTP 504',
    means: 'Another node did not answer in time; whether it acted is unknown.',
    advice: 'Read before you write again.',
  },
  PEER_UNREACHABLE: {
    from: 'node, HTTP 503',
    means: 'Another node cannot be reached at all.',
    advice: 'Look whether that node is alive; the supervisor removes one that has died.',
  },
  PORT_TAKEN: {
    from: 'node, at its start',
    means: 'Another program listens on the port.',
    advice: 'Choose another port, or 0 for any free one.',
  },
  SOURCE_UNREACHABLE: {
    from: 'node, HTTP 503',
    means: 'The key is on its way from its former owner, which does not answer.',
    advice: 'Repeat. If the former owner has died, its keys are reported as lost.',
  },
  STOPPING: {
    from: 'node, HTTP 503',
    means: 'The node is about to stop.',
    advice: 'Ask another node.',
  },
  STORE_FULL: {
    from: 'node, HTTP 507',
    means: 'Keys and values of this node fill the memory that it may use.',
    advice: 'Delete keys, add a node, or raise the limit.',
  },
  UNAUTHORIZED: {
    from: 'node, HTTP 401',
    means: 'The request does not carry the bearer token of the cluster.',
    advice: 'Send `Authorization: Bearer …` with the token that the supervisor printed.',
  },
  UNKNOWN_NODE: {
    from: 'node, HTTP 409; demo',
    means: 'The named node is not a member.',
    advice: 'Look at the list of members; the node may have left.',
  },
  VALUE_TOO_LARGE: {
    from: 'node, HTTP 413',
    means: 'The value has more bytes than the limit.',
    advice: 'Split it over several keys.',
  },
  VIEW_BEHIND: {
    from: 'between nodes, HTTP 409',
    means:
      'The receiver knows an older list of members than the sender; nothing was done. Nodes resolve this among themselves.',
    advice: 'Send it the view, then repeat.',
  },
  VIEW_GAP: {
    from: 'node, HTTP 409',
    means: 'A view cannot follow the current one: one between them is missing.',
    advice: 'Send views in order.',
  },
  VIEW_OLD: {
    from: 'between nodes, HTTP 409',
    means: 'Keys were asked for under a view that has been replaced.',
    advice: 'Fetch the current view, then ask again.',
  },
};
