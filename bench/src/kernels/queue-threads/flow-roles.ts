import { MessageChannel } from 'node:worker_threads';
import type { FlowKind, FlowOrder } from './flow-task.ts';

/** What goes through, and how much. */
interface FlowLoad<Kind extends FlowKind> {
  readonly kind: Kind;
  /** Messages of a round, of all producers; enough that a round takes some milliseconds. */
  readonly messages: number;
}

/** Each message is for one of the consumers; of a stream there is one. */
export interface EachToEach extends FlowLoad<FlowKind> {
  readonly topology?: undefined;
  readonly producers: number;
  readonly consumers: number;
}

/** One producer and three consumers, which all have each message: the third when the other two are done with it. */
export interface Diamond extends FlowLoad<Exclude<FlowKind, 'queue'>> {
  readonly topology: 'diamond';
}

export type FlowOptions = EachToEach | Diamond;

/** The stages of a diamond. */
export const diamondStages = { journal: [], replicate: [], apply: ['journal', 'replicate'] } as const;

type FlowRole = Pick<FlowOrder, 'role' | 'ports' | 'next'> & {
  readonly stage?: keyof typeof diamondStages | undefined;
};

/** What the threads of a flow are, and the ports between them. */
export function rolesOf(options: FlowOptions): FlowRole[] {
  return options.topology === 'diamond' ? diamond() : eachToEach(options);
}

/** A producer's messages go to two, and from both of them to the last. */
function diamond(): FlowRole[] {
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
function eachToEach({ producers, consumers }: EachToEach): FlowRole[] {
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
