import type { Kernel, Setup } from '../../suite.ts';
import { messageBytes } from './line.ts';
import { messagePortLine } from './message-port.ts';
import { connectThreads, peer, type ThreadWay } from './thread-transport.ts';

/** Different messages, taken in turn. */
const kinds = 64;

function newMessages(): readonly Uint8Array[] {
  return Array.from({ length: kinds }, (_, at) => new Uint8Array(messageBytes).fill(at * 3));
}

function digestIn(answer: Uint8Array): number {
  return new DataView(answer.buffer, answer.byteOffset, 4).getInt32(0, true);
}

interface State {
  /** Messages that are to be sent yet. */
  left: number;
  digest: number | undefined;
  done: (digest: number) => void;
}

/** Sends so many messages as fast as the peer takes them; it answers once, when it has heard them all. */
export function oneWay(way: ThreadWay, messages: number): Setup {
  return async (): Promise<Kernel> => {
    const made = newMessages();
    const state: State = { left: 0, digest: undefined, done: () => {} };
    const pour = (): void => {
      while (state.left > 0 && transport.send(peer, made[state.left % kinds] as Uint8Array) === 'sent')
        state.left--;
    };
    const { transport, receive, close } = await connectThreads(
      way,
      { type: 'count', messages },
      {
        onMessage(_, answer) {
          state.digest = digestIn(answer);
          state.done(state.digest);
        },
        onDrain: () => pour(),
      },
    );
    const start = (): void => {
      state.left = messages;
      state.digest = undefined;
      pour();
    };
    const blocking = (block: () => boolean): number => {
      start();
      while (state.digest === undefined) block();
      return state.digest;
    };
    const byEvents = async (): Promise<number> =>
      new Promise(resolve => {
        state.done = resolve;
        start();
      });
    return { ops: messages, run: () => (receive === undefined ? byEvents() : blocking(receive)), close };
  };
}

/** The same through a bare port, which has no limits: all are posted at once. */
export function oneWayThroughPort(messages: number): Setup {
  return async (): Promise<Kernel> => {
    const made = newMessages();
    let done: (digest: number) => void = () => {};
    const open = messagePortLine({ type: 'count', messages }, 'other thread');
    const line = await open(
      answer => done(digestIn(answer)),
      () => {},
    );
    return {
      ops: messages,
      run: async () =>
        new Promise(resolve => {
          done = resolve;
          for (let left = messages; left > 0; left--) line.send(made[left % kinds] as Uint8Array);
        }),
      close: async () => line.close(),
    };
  };
}
