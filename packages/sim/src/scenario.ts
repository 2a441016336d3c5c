import type { Clock, Disk, Journal, NodeId, QueueStore, Random, Store, Transport } from '@quorate/core';
import type { FaultOptions } from './fault-options.ts';
import type { Invariant } from './invariant.ts';
import type { Operation } from './operation.ts';

/**
 * A distributed program and what may befall it: nodes that run it, clients that use it, faults, and what must hold.
 *
 * Everything that happens follows from one seed. A run has a safety phase, in which faults strike, and a liveness phase: all
 * faults end, everything that is down starts again, and whatever the clients still wait for must come to its end. That ends
 * the run.
 */
export interface Scenario {
  /** What the command line calls it: kebab-case. */
  readonly name: string;
  readonly summary: string;
  readonly nodes: readonly string[];
  /** How many clients there are; they never crash, and their clocks are exact. Default 0. */
  readonly clients?: number;
  /** Which kinds of faults may strike; each seed draws its own subset of them. Default none. */
  readonly faults?: FaultOptions;
  /** Simulated time with faults. Default 30,000. */
  readonly safetyMs?: number;
  /**
   * Simulated time without, within which clients must end. The run is over as soon as they all have; one without clients
   * takes all of it. Whatever shall be seen of the nodes after the faults, a client has to wait for. Default 30,000.
   */
  readonly livenessMs?: number;
  /** What some seed should reach; the command line lists those that none did. See {@link Env.reached}. */
  readonly probes?: readonly string[];
  /** What must hold: told what is observed, and asked at the end. A fresh one for each run. */
  readonly invariants?: readonly (() => Invariant)[];
  /** Checks the operations of all clients at the end; their times are simulated µs. Returns what is wrong, if anything is. */
  check?(history: readonly Operation[]): Finding | undefined;
  /** Starts a node: called at the beginning and after each crash. What it returned before a crash never goes on. */
  node(env: NodeEnv): void | Promise<void>;
  /** What one client does. Its end is awaited in the liveness phase; the last one's ends the run. */
  client?(env: ClientEnv): Promise<unknown>;
}

/** What is wrong with a run. */
export interface Finding {
  /** The invariant or check that says so: kebab-case. */
  readonly rule: string;
  readonly message: string;
  /** Simulated time of the first event that shows it; the end where nothing is known. */
  readonly atMs?: number;
  /** For people and for the viewer: operations, tokens, whatever shows it. Cloneable. */
  readonly details?: unknown;
}

/** What nodes and clients have in common. */
export interface Env {
  readonly self: NodeId;
  readonly nodes: readonly NodeId[];
  readonly clock: Clock;
  readonly random: Random;
  readonly transport: Transport;
  /** A client of the simulated store service, which every node and client of the run reaches over the network. */
  readonly store: Store;
  /** Opens one more client of that service, with sessions of its own. By default it goes by the node's clock. */
  openStore(options?: { readonly clock?: Clock }): Store;
  /** Opens a client of the simulated queue service, which every node and client of the run reaches over the network. */
  openQueueStore(options?: { readonly clock?: Clock }): QueueStore;
  /** Tells the invariants something; it also stands in the trace. Costs no simulated time. */
  observe(fact: Fact): void;
  /** Says that this place was reached: see {@link Scenario.probes}. */
  reached(probe: string): void;
  /** A line in the trace. */
  log(text: string): void;
}

/** What an invariant is told: a kind, and whatever that kind has. Cloneable. */
export interface Fact {
  readonly type: string;
  readonly [field: string]: unknown;
}

export interface NodeEnv extends Env {
  /** Files that outlive crashes, as far as they were synced. */
  readonly disk: Disk;
  /** A journal on a disk of its own, by the seam's contract, for whoever does not test a journal. */
  readonly journal: Journal;
  /** How often this node was started, from 1. */
  readonly incarnation: number;
}

export interface ClientEnv extends Env {
  /** From 0. */
  readonly index: number;
  /** Aborts when the safety phase ends: a workload starts nothing new then. */
  readonly workload: AbortSignal;
  /**
   * Records an operation: invoked now, returned when `run` settles. One that rejects with the outcome `not-applied` never
   * happened; any other rejection leaves it open: it may take effect at any time, or never.
   *
   * @returns what `run` returned, or undefined where it rejected
   */
  operation<Output>(input: unknown, run: () => Promise<Output>): Promise<Output | undefined>;
}

export { defineScenario } from './define-scenario.ts';
