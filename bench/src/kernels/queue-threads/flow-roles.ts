import { MessageChannel } from 'node:worker_threads';
import type { FlowKind, FlowOrder } from './flow-task.ts';

/** How many threads send and receive how much. */
export interface FlowOptions {
  readonly kind: FlowKind;
  /** Each message to one of the consumers, or to all: the third has it when the first two are done with it. Default `one`. */
  readonly to?: 'one' | 'diamond' | undefined;
  readonly producers: number;
  readonly consumers: number;
  /** Messages of a round, of all producers; enough that a round takes some milliseconds. */
  readonly messages: number;
}

/** The stages of a diamond. */
export const diamondStages = { journal: [], replicate: [], apply: ['journal', 'replicate'] } as const;

export type FlowRole = Pick<FlowOrder, 'role' | 'ports'> & Partial<Pick<FlowOrder, 'next' | 'stage'>>;

/** A producer's messages go to two, and from both of them to the last. */
function diamondRoles(): FlowRole[] {
  const journal = new MessageChannel();
  const replicate = new MessageChannel();
  const journaled = new MessageChannel();
  const replicated = new MessageChannel();
  return [
    { role: 'produce', ports: [journal.port1, replicate.port1] },
    { role: 'consume', stage: 'journal', ports: [journal.port2], next: journaled.port1 },
    { role: 'consume', stage: 'replicate', ports: [replicate.port2], next: replicated.port1 },
    { role: 'consume', stage: 'apply', ports: [journaled.port2, replicated.port2] },
  ];
}

/** Each producer has a port to each consumer. */
function eachToEach({ producers, consumers }: FlowOptions): FlowRole[] {
  const channels = Array.from({ length: producers }, () =>
    Array.from({ length: consumers }, () => new MessageChannel()),
  );
  const senders = channels.map(row => ({ role: 'produce' as const, ports: row.map(({ port1 }) => port1) }));
  const receivers = Array.from({ length: consumers }, (_, index) => ({
    role: 'consume' as const,
    ports: channels.map(row => (row[index] as MessageChannel).port2),
  }));
  return [...senders, ...receivers];
}

/** What the threads of a flow are, and the ports between them. @throws RangeError for a diamond of other than four threads */
export function rolesOf(options: FlowOptions): FlowRole[] {
  const { to, producers, consumers } = options;
  if (to !== 'diamond') return eachToEach(options);
  if (producers !== 1 || consumers !== 3)
    throw new RangeError(
      `Diamond must have 1 producer and 3 consumers: it has ${producers} and ${consumers}`,
    );
  return diamondRoles();
}
