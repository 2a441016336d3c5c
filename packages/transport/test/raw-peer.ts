import { type Socket, connect } from 'node:net';
import { once } from 'node:events';
import { type NodeId, nodeId } from '@quorate/core';
import { FrameDecoder } from '../src/frame-decoder.ts';
import { FrameKind, frameHeaderBytes, writeFrame } from '../src/frame.ts';
import { type Hello, decodeRefusal, encodeHello } from '../src/hello.ts';
import type { PeerAddress } from '../src/peer-address.ts';

/** A socket that speaks frames by hand: a peer that can misbehave. */
export class RawPeer {
  readonly socket: Socket;
  /** What the other side sent: kinds, with the text of refusals. */
  readonly heard: string[] = [];
  sequence = 0;
  readonly #decoder = new FrameDecoder({ payloadMaxBytes: 1 << 24 });
  readonly #waiting: Set<() => void> = new Set();

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => {}); // Being thrown out is what most of them are for.
    socket.on('data', (chunk: Buffer) => {
      this.#decoder.feed(chunk);
      while (this.#decoder.next() === 'frame') this.#hear();
      for (const look of this.#waiting) look();
    });
  }

  static async connect({ host, port }: PeerAddress): Promise<RawPeer> {
    const socket = connect({ host, port });
    await once(socket, 'connect');
    return new RawPeer(socket);
  }

  /** Connects and goes through the introduction. */
  static async introduced(address: PeerAddress, name: string): Promise<RawPeer> {
    const peer = await RawPeer.connect(address);
    peer.hello(name);
    await peer.hears('welcome');
    peer.say(FrameKind.ready);
    return peer;
  }

  hello(name: string, changes: Partial<Hello> = {}): void {
    this.#introduce(FrameKind.hello, name, changes);
  }

  welcome(name: string, changes: Partial<Hello> = {}): void {
    this.#introduce(FrameKind.welcome, name, changes);
  }

  #introduce(kind: FrameKind, name: string, changes: Partial<Hello>): void {
    const hello: Hello = {
      protocol: 1,
      messageMaxBytes: 1 << 20,
      silenceMs: 60_000,
      incarnation: '00'.repeat(16),
      cluster: 'default',
      node: nodeId(name) as NodeId,
      ...changes,
    };
    this.say(kind, encodeHello(hello));
  }

  say(kind: FrameKind, payload: Uint8Array = new Uint8Array(0), group = 0): void {
    const bytes = new Uint8Array(frameHeaderBytes + payload.length);
    writeFrame(bytes, 0, kind, group, payload, this.sequence++);
    this.socket.write(bytes);
  }

  async hears(word: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const look = (): void => {
        if (!this.heard.some(heard => heard.startsWith(word))) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      this.socket.once('close', () =>
        reject(new Error(`Closed before "${word}": heard ${this.heard.join()}`)),
      );
      look();
    });
  }

  async closed(): Promise<void> {
    // Not by `once`, which an error would reject.
    if (!this.socket.closed) await new Promise<void>(resolve => this.socket.once('close', () => resolve()));
  }

  #hear(): void {
    const { kind, payload } = this.#decoder;
    const name = Object.entries(FrameKind).find(([, number]) => number === kind)?.[0] ?? String(kind);
    const words =
      kind === FrameKind.refusal || kind === FrameKind.goodbye ? decodeRefusal(payload) : undefined;
    this.heard.push(words === undefined ? name : `${name} ${words.reason}`);
  }
}
