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
export {
  type BankSnapshot,
  bankTotals,
  type BankTotalsOptions,
} from './invariants/bank-totals.ts';
export {
  type AcknowledgedUpdate,
  crdtConvergence,
  type CrdtConvergenceOptions,
  type ReplicaState,
} from './invariants/crdt-convergence.ts';
export { exactlyOnce, type TaskAccepted, type TaskProcessed } from './invariants/exactly-once.ts';
export { monotonicReads, type SessionRead } from './invariants/monotonic-reads.ts';
export {
  type Fence,
  type FencedWrite,
  type LockAcquired,
  type LockFact,
  type LockLost,
  type LockReleased,
  mutualExclusion,
  type MutualExclusionOptions,
} from './invariants/mutual-exclusion.ts';
export {
  noLostAcknowledgement,
  type WriteAcknowledged,
  type WritesFound,
} from './invariants/no-lost-acknowledgement.ts';
export {
  checkLinearizability,
  checkLinearizabilitySync,
  type CheckLimits,
  type CheckOptions,
  type CheckSyncOptions,
} from './linearizability/check-linearizability.ts';
export { linearizable } from './linearizability/linearizable.ts';
export { linearizationPoints } from './linearizability/linearization-points.ts';
export type { Model, PartitionKey, Scalar } from './linearizability/model.ts';
export { counter, type CounterInput, type CounterOutput } from './linearizability/models/counter.ts';
export { fifoQueue, type QueueInput, type QueueOutput } from './linearizability/models/fifo-queue.ts';
export { keyValue, type KeyValueInput, type KeyValueOutput } from './linearizability/models/key-value.ts';
export { lock, type LockInput, type LockOutput, type LockState } from './linearizability/models/lock.ts';
export { register, type RegisterInput, type RegisterOutput } from './linearizability/models/register.ts';
export {
  set,
  setByElement,
  type SetInput,
  type SetMembers,
  type SetOutput,
} from './linearizability/models/set.ts';
export type {
  Linearizable,
  LinearizabilityResult,
  NotLinearizable,
  PartitionOrder,
  Undecided,
} from './linearizability/result.ts';
export type { Operation } from './operation.ts';
export type { RunOptions, RunResult } from './run-result.ts';
export type { ClientEnv, Env, Fact, Finding, NodeEnv, Scenario } from './scenario.ts';
export type { TraceDetail, TraceEvent } from './trace/trace-event.ts';
export { type RenderTraceOptions, renderTrace } from './viewer/render-trace.ts';
