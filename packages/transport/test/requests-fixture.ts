import { ManualClock, type NodeId, type Random, type Transport, nodeId, seededRandom } from '@quorate/core';
import {
  type InProcessNetwork,
  type InProcessOptions,
  type RequestLimits,
  type Requests,
  createInProcessNetwork,
  createRequests,
} from '@quorate/transport';
import { Recorder } from './recorder.ts';

export const [client, server] = [nodeId('client'), nodeId('server')];

/** A client and a server on one network, whose time stands still until it is told to move. */
export interface Pair extends AsyncDisposable {
  readonly network: InProcessNetwork;
  readonly clock: ManualClock;
  readonly asking: Requests;
  readonly answering: Requests;
  /** What each is told beside the requests. */
  readonly atClient: Recorder;
  readonly atServer: Recorder;
}

export async function openPair(
  limits: Partial<RequestLimits> = {},
  options: InProcessOptions = {},
): Promise<Pair> {
  const network = createInProcessNetwork(options);
  const clock = new ManualClock();
  const transports: Transport[] = [];
  const open = async (self: NodeId, random: Random): Promise<[Requests, Recorder]> => {
    const transport = network.transport(self);
    transports.push(transport);
    const recorder = new Recorder();
    const requests = createRequests(transport, { clock, random, limits });
    await requests.start(recorder);
    return [requests, recorder];
  };
  const [asking, atClient] = await open(client, seededRandom(1));
  const [answering, atServer] = await open(server, seededRandom(2));
  await atClient.until(() => atClient.connected.has(server));
  await atServer.until(() => atServer.connected.has(client));
  return {
    network,
    clock,
    asking,
    answering,
    atClient,
    atServer,
    async [Symbol.asyncDispose]() {
      await asking[Symbol.asyncDispose]();
      await answering[Symbol.asyncDispose]();
      for (const transport of transports) await transport[Symbol.asyncDispose]();
    },
  };
}

/** Settles with a promise that is kept open, and the function that settles it. */
export function gate<T = void>(): { readonly opened: Promise<T>; readonly open: (value: T) => void } {
  let open: (value: T) => void = () => {};
  const opened = new Promise<T>(resolve => {
    open = resolve;
  });
  return { opened, open };
}

/** Lets the event loop turn, in which an in-process network delivers: several times, for messages that answer others. */
export async function turns(count = 6): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
}

/** What a promise rejects with, for an error that comes before somebody awaits it. */
export function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    value => {
      throw new Error(`Expected a rejection: received ${String(value)}`);
    },
    (thrown: unknown) => thrown,
  );
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
