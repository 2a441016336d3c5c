import { errorCode, groupId, type Journal, type NodeId, nodeId, sleep } from '@quorate/core';
import type { NodeEnv } from '@quorate/sim';
import {
  type AckLevel,
  createReplica,
  type Reconfiguration,
  type ReconfigureOptions,
  type Replica,
  type ReplicaEvent,
  type ReplicaOptions,
  shareTransport,
} from '../../src/index.ts';
import { type CallHandler, serveCalls } from './calls.ts';
import { MapMachine } from './map-machine.ts';

/** The replicas' group on transport and journal, and that of the calls to them. */
export const [log, calls] = [groupId(1), groupId(2)];

/** How replicas of a scenario are opened. */
export interface ServedReplicaOptions {
  /** Who votes at the beginning. */
  readonly members: readonly string[];
  /** Opens the node's journal; one that has failed is disposed, and opened again. */
  openJournal(env: NodeEnv): Promise<Journal>;
  /** Asked at each start of a replica. */
  pace(env: NodeEnv): ReplicaPace;
}

/** Times and sizes of replicas. */
export type ReplicaPace = Partial<
  Pick<
    ReplicaOptions,
    | 'electionTimeoutMs'
    | 'heartbeatMs'
    | 'snapshotEntries'
    | 'trailingBytes'
    | 'catchUpBytes'
    | 'tailBytes'
    | 'transferWindowBytes'
  >
>;

/** There are elections and snapshots within seconds, and little of the log is in memory. */
export function hurried({ random }: NodeEnv): ReplicaPace {
  return {
    electionTimeoutMs: 300,
    heartbeatMs: 60,
    snapshotEntries: 20,
    trailingBytes: 0,
    catchUpBytes: random.below(2) * 65_536,
    tailBytes: 256,
    transferWindowBytes: 1024,
  };
}

/** All as by default, but that there are snapshots within minutes. */
export function unhurried(): ReplicaPace {
  return { snapshotEntries: 200, trailingBytes: 0 };
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
/** What no replica does longer for a call. */
const callMs = 3000;

/** A replica, and what it does for clients; a new one on the same journal where it has failed. */
export async function serveReplica(env: NodeEnv, options: ServedReplicaOptions): Promise<void> {
  const shared = shareTransport(env.transport);
  let current: Replica | undefined;
  await serveCalls(
    shared.forGroup(calls),
    calls,
    methods(env, () => current),
  );
  for (;;) {
    const journal = await options.openJournal(env);
    observeTail(env, journal);
    const transport = shared.forGroup(log);
    try {
      const replica = await createReplica({
        id: env.self,
        group: log,
        members: options.members.map(nodeId),
        transport,
        journal,
        machine: observedMachine(env),
        clock: env.clock,
        random: env.random.fork('replica'),
        ...options.pace(env),
      });
      current = replica;
      await new Promise<void>(resolve => {
        replica.subscribe(event => {
          observeEvent(env, event);
          if (event.type === 'failed') resolve();
        });
      });
      current = undefined;
      await replica[Symbol.asyncDispose]();
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
      env.log(`not started: ${String(error)}`);
    }
    await transport[Symbol.asyncDispose]();
    await journal[Symbol.asyncDispose]();
    await sleep(env.clock, 100);
  }
}

/** Says what is in the log and not known to be committed: what may have been acknowledged early. */
function observeTail(env: NodeEnv, journal: Journal): void {
  const { first, last, hardState } = journal.recover(log);
  const entries: [index: number, term: number][] = [];
  for (let index = Math.max(first, (hardState?.committed ?? 0) + 1); index <= last; index++) {
    entries.push([index, journal.termAt(log, index as typeof first) ?? 0]);
  }
  env.observe({ type: 'tail', node: env.self, entries });
}

function observedMachine(env: NodeEnv): MapMachine {
  return new MapMachine({
    applied: commands => env.observe({ type: 'applied', commands }),
    restored: (index, hash) => {
      env.reached('state restored');
      env.observe({ type: 'restored', index, hash });
    },
    misused: message => env.observe({ type: 'misused', node: env.self, message }),
  });
}

function observeEvent(env: NodeEnv, event: ReplicaEvent): void {
  switch (event.type) {
    case 'role':
      if (event.role === 'leader') env.observe({ type: 'leads', node: env.self, term: event.term });
      return;
    case 'lost': {
      const { from, to, term, count, exact } = event;
      env.reached(exact ? 'lost exactly' : 'lost perhaps');
      env.observe({ type: 'lost', node: env.self, from, to, term, count, exact });
      return;
    }
    case 'membership':
      if (event.membership.votersOutgoing.length > 0) env.reached('joint');
      return;
    case 'snapshot':
      env.reached(`snapshot ${event.how}`);
      return;
    case 'snapshot-failed':
      env.reached('snapshot failed');
      return;
    case 'storage':
      env.reached(`disk ${event.state}`);
      return;
    case 'stalled':
      env.reached(`stalled: ${event.what}`);
      return;
    case 'failed':
      env.reached('failed');
      env.log(`failed: ${String(event.error)} ${String(event.error.cause)}`);
  }
}

function methods(env: NodeEnv, current: () => Replica | undefined): Record<string, CallHandler> {
  const replica = (): Replica => {
    const here = current();
    if (here === undefined) throw new NotRunningError();
    return here;
  };
  let hasReadByLease = false;
  return {
    async open([ttlMs]) {
      const { id } = await replica().openSession({ ttlMs: ttlMs as number, deadlineMs: callMs });
      return id;
    },
    async write([command, session, sequence, settled]) {
      const operation = { session, sequence, settled } as {
        session: number;
        sequence: number;
        settled: number;
      };
      const options = { session: operation, deadlineMs: callMs };
      const { reply } = await replica().write(encoder.encode(command as string), options);
      return reply?.[0];
    },
    async early([command, ack]) {
      const id = (command as string).split(' ')[0];
      const receipt = await replica().write(encoder.encode(command as string), {
        ack: ack as AckLevel,
        deadlineMs: callMs,
      });
      const { index, term, degraded } = receipt;
      if (ack !== 'all') env.observe({ type: 'early', node: env.self, id, index, term });
      if (degraded) env.reached('semiSync degraded');
      return receipt.index;
    },
    async read([key, mode]) {
      const here = replica();
      if (mode === 'lease' && !hasReadByLease && here.status().leaseHeld) {
        hasReadByLease = true;
        env.reached('read by lease');
      }
      const answer = await here.read(encoder.encode(key as string), {
        mode: mode as 'linearizable' | 'lease' | 'follower',
        deadlineMs: callMs,
      });
      return JSON.parse(decoder.decode(answer)) as number | null;
    },
    async change([change, transition]) {
      const how = { transition: transition as ReconfigureOptions['transition'], deadlineMs: callMs };
      const { index } = await replica().reconfigure(change as Reconfiguration, how);
      return index;
    },
    async transfer([to]) {
      return await replica().transferLeadership((to ?? undefined) as NodeId | undefined, {
        deadlineMs: callMs,
      });
    },
    async status() {
      const { role, term, leader, membership, committed, applied, loss } = replica().status();
      return { role, term, leader, membership, committed, applied, loss };
    },
  };
}

class NotRunningError extends Error {
  readonly code = 'NOT_RUNNING';
  readonly outcome = 'not-applied';
}
