/**
 * Worker threads with one API in Node, browsers and inline: spawn, typed ports, parking, shared-memory layouts.
 *
 * @packageDocumentation
 */
export type { Backend, StartRequest, Thread, ThreadEvents, WorkerOrder } from './backend.ts';
export type { Call } from './call.ts';
export type { Callable, CallArguments, CallOptions, InputOf, OutputOf } from './caller.ts';
export { type ChannelOptions, channel } from './channel.ts';
export { type Connection, type ConnectOptions, connect, respond } from './connect.ts';
export { type InlineOptions, inline } from './inline.ts';
export { canPark, type ParkOptions, type ParkResult, park, wake } from './park.ts';
export { type ParkAsyncOptions, parkAsync } from './park-async.ts';
export { listen, type Port, type PortEvent, type PortOutcomes } from './port.ts';
export type { Schedule } from './schedule.ts';
export {
  type AnyService,
  type DataOf,
  type Handler,
  type Methods,
  type MethodsOf,
  type Service,
  serve,
} from './service.ts';
export { type SpawnOptions, spawn, type WorkerHandle } from './spawn.ts';
export { measureSpins, type SpinOptions } from './spin.ts';
export { type Column, defineStruct, type Struct, type StructOptions, type StructView } from './struct.ts';
export type { Field, Fields, Scalar } from './struct-layout.ts';
export { attachTeam, createTeam, type MemberId, type Team } from './team.ts';
export { type ThreadsOptions, threads } from './threads.ts';
export { usefulThreads } from './useful-threads.ts';
export type { WorkerContext } from './worker-context.ts';
export type { WorkerExit } from './worker-exit.ts';
