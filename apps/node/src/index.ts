/**
 * The demo node: a key-value store in memory, partitioned by a consistent-hash ring over an HTTP API.
 *
 * @packageDocumentation
 */
export { type ClusterNode, type ClusterNodeOptions, startClusterNode } from './cluster-node.ts';
export { defaultPace, type HandoverPace } from './handover.ts';
export { jsonAnswer, problemAnswer } from './http/answer.ts';
export { createToken, tokenCheck } from './http/bearer-token.ts';
export { fieldsOf, parseJson } from './http/json.ts';
export {
  listenOnLoopback,
  type LoopbackServer,
  type LoopbackServerOptions,
  securityHeaders,
} from './http/loopback-server.ts';
export { readBody } from './http/request-body.ts';
export { checkedKey, keyFromQuery } from './http/request-key.ts';
export { defaultLimits, type Limits } from './limits.ts';
export type { ControlMessage, NodeMessage } from './node-control.ts';
export { epochOfVersion, formatVersion } from './operation.ts';
export { asProblem, isProblemBody, type LeaderHint, Problem, type ProblemBody } from './problem.ts';
export type { NodeStatus } from './public-api.ts';
export type { FollowerReport, ReplicaReport } from './replica/replica-report.ts';
export { mapBytesMax, type ReplicaMember, ReplicaSeat, type SeatTask } from './replica/replica-seat.ts';
export { ReplicatedMap } from './replica/replicated-map.ts';
export { type Member, parseView, ringOf, View, type ViewRecord } from './view.ts';
