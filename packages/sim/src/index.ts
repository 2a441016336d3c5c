/**
 * Deterministic simulation of distributed programs, and checkers for what they must keep.
 *
 * @packageDocumentation
 */
export { defineScenario } from './define-scenario.ts';
export type { Device, Dice } from './device.ts';
export type { ClockFaults, DiskFaults, FaultOptions, NetworkFaults, ProcessFaults } from './fault-options.ts';
export { type HostOptions, simulate } from './host/simulate.ts';
export type { FactOrigin, Invariant } from './invariant.ts';
export type { Operation } from './operation.ts';
export type { RunOptions, RunResult } from './run-result.ts';
export type { ClientEnv, Env, Fact, Finding, NodeEnv, Scenario } from './scenario.ts';
export type { TraceDetail, TraceEvent } from './trace/trace-event.ts';
export { type RenderTraceOptions, renderTrace } from './viewer/render-trace.ts';
