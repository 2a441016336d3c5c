/**
 * Deterministic simulation of distributed programs, and checkers for what they must keep.
 *
 * @packageDocumentation
 */
export { defineScenario } from './define-scenario.ts';
export type { Device, Dice } from './device.ts';
export type { ClockFaults, DiskFaults, FaultOptions, NetworkFaults, ProcessFaults } from './fault-options.ts';
export {
  loadRegressions,
  type RegressionCase,
  type RegressionOutcome,
  type RegressionsOptions,
} from './host/replay-regressions.ts';
export { runSeeds, type RunSeedsOptions, type SeedFailure, type SeedsResult } from './host/run-seeds.ts';
export type { CampaignEnd } from './host/runner/campaign.ts';
export { ScenarioError } from './host/runner/discover-scenarios.ts';
export type { Regression } from './host/runner/regression.ts';
export type { PackedChanges, RunChanges } from './host/runner/run-changes.ts';
export type { SeedError, SeedOutcome, SeedVerdict } from './host/runner/seed-outcome.ts';
export type { SeedRange } from './host/runner/seed-range.ts';
export type { Shrunk } from './host/runner/shrink.ts';
export type { SeedTotals } from './host/runner/totals.ts';
export { NondeterminismError } from './host/nondeterminism-error.ts';
export { type HostOptions, simulate } from './host/simulate.ts';
export type { FactOrigin, Invariant } from './invariant.ts';
export type { Operation } from './operation.ts';
export type { RunOptions, RunResult } from './run-result.ts';
export type { ClientEnv, Env, Fact, Finding, NodeEnv, Scenario } from './scenario.ts';
export type { TraceDetail, TraceEvent } from './trace/trace-event.ts';
export { type RenderTraceOptions, renderTrace } from './viewer/render-trace.ts';
