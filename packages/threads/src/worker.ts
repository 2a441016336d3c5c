/**
 * What a worker module needs, and nothing that its thread would load in vain.
 *
 * @packageDocumentation
 */
export type { Call } from './call.ts';
export { type DataOf, type Handler, type Methods, type MethodsOf, type Service, serve } from './service.ts';
export type { WorkerContext } from './worker-context.ts';
