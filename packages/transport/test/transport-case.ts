import { type NodeId, type SendResult, type Transport, nodeId } from '@quorate/core';
import { Recorder } from './recorder.ts';

/**
 * What the Transport seam promises, as cases that throw when a promise is not kept: `assert` is handed in by whoever runs them,
 * so that they need no test runner.
 */

/** Transports that know each other. Disposing it disposes of those that are left. */
export interface Mesh extends AsyncDisposable {
  /** One for each name, none of them started: once two are, they connect. */
  readonly transports: readonly Transport[];
}

/** A transport under test. */
export interface Subject {
  readonly name: string;
  open(names: readonly NodeId[]): Promise<Mesh>;
}

export interface TransportCase {
  readonly name: string;
  /** Runs where this is true. */
  readonly applies?: (transport: Transport) => boolean;
  readonly run: (mesh: Started) => Promise<void>;
}

/** A mesh of which all transports are started and connected to each other. */
export interface Started {
  readonly transports: readonly Transport[];
  readonly recorders: readonly Recorder[];
}

/** What every case runs on: three peers, so that messages can go astray. */
export const caseNames: readonly NodeId[] = ['ada', 'bob', 'cyd'].map(nodeId);

/** Runs one case on a subject. */
export async function runCase(subject: Subject, { run, applies }: TransportCase): Promise<void> {
  await using mesh = await subject.open(caseNames);
  const { transports } = mesh;
  if (applies !== undefined && !applies(transports[0] as Transport)) return;
  const recorders = transports.map(() => new Recorder());
  await Promise.all(transports.map((transport, index) => transport.start(recorders[index] as Recorder)));
  await Promise.all(
    recorders.map((recorder, index) =>
      recorder.until(() =>
        transports.every(({ self }, other) => other === index || recorder.connected.has(self)),
      ),
    ),
  );
  await run({ transports, recorders });
}

/** Throws unless both have the same JSON. */
export function equal(actual: unknown, expected: unknown, what: string): void {
  const [left, right] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (left !== right) throw new Error(`${what}: expected ${right}, received ${left}`);
}

/** Throws unless the condition holds. */
export function ok(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`Not so: ${what}`);
}

/** A tuple, so that its parts have names. */
export type Three<T> = readonly [T, T, T];

/** Takes what {@link caseNames} stands for apart. */
export function three<T>(items: readonly T[]): Three<T> {
  return items as unknown as Three<T>;
}

/** A message that begins with a number. */
export function numbered(value: number, length = 8): Uint8Array {
  const message = new Uint8Array(length).fill(value & 0xff);
  new DataView(message.buffer).setUint32(0, value, true);
  return message;
}

/** The number that a message begins with. */
export function numberOf(message: Uint8Array): number {
  return new DataView(message.buffer, message.byteOffset).getUint32(0, true);
}

/** Sends numbered messages until one is not taken; returns how many were, and what became of the last. */
export function flood(
  from: Transport,
  to: NodeId,
  bytes: number,
  countMax = 4_000_000,
): [number, SendResult] {
  for (let count = 0; count < countMax; count++) {
    const result = from.send(to, numbered(count, bytes));
    if (result !== 'sent') return [count, result];
  }
  throw new Error(`${from.self} took ${countMax} messages of ${bytes} bytes and was never full`);
}
