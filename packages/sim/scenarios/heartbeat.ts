import { type NodeId, sleep } from '@quorate/core';
import { defineScenario, type NodeEnv, type Scenario } from '../src/index.ts';

const periodMs = 100;
const silenceMs = 1_000;

interface Peer {
  readonly id: NodeId;
  counter: number;
  heardAtMs: number;
  suspected: boolean;
}

/** What a node knows of its peers: a counter of each, and when it was heard last. */
class Peers {
  readonly #env: NodeEnv;
  readonly #message: Uint8Array = new Uint8Array(16);
  readonly #view: DataView = new DataView(this.#message.buffer);
  readonly #peers: readonly Peer[];
  readonly #byId: ReadonlyMap<NodeId, Peer>;
  #counter = 0;

  constructor(env: NodeEnv) {
    this.#env = env;
    this.#peers = env.nodes
      .filter(id => id !== env.self)
      .map(id => ({ id, counter: 0, heardAtMs: 0, suspected: false }));
    this.#byId = new Map(this.#peers.map(peer => [peer.id, peer]));
  }

  /** Tells every peer that this node lives, and looks who has been silent for too long. */
  beat(): void {
    const { clock, transport } = this.#env;
    const nowMs = clock.monotonicMs();
    this.#view.setUint32(0, ++this.#counter);
    this.#view.setUint32(4, this.#env.incarnation);
    for (const peer of this.#peers) {
      transport.send(peer.id, this.#message);
      if (peer.suspected || nowMs - peer.heardAtMs < silenceMs) continue;
      peer.suspected = true;
      this.#env.reached('suspected');
    }
  }

  hear(from: NodeId, message: Uint8Array): void {
    const peer = this.#byId.get(from);
    if (peer === undefined || message.length !== 16) return;
    peer.counter = readUint32(message);
    peer.heardAtMs = this.#env.clock.monotonicMs();
    if (peer.suspected) this.#env.reached('came-back');
    peer.suspected = false;
  }
}

function readUint32(bytes: Uint8Array): number {
  return (
    ((bytes[0] as number) << 24) |
    ((bytes[1] as number) << 16) |
    ((bytes[2] as number) << 8) |
    (bytes[3] as number)
  );
}

const shape: Omit<Scenario, 'name' | 'summary' | 'node'> = {
  nodes: ['n1', 'n2', 'n3', 'n4', 'n5'],
  faults: {
    network: { mode: 'datagram', loss: true, partitions: true },
    process: true,
    clock: { driftMax: 0.001 },
  },
  probes: ['suspected', 'came-back'],
};

/** Five nodes that tell each other every 100 ms that they live, written with callbacks. */
export const heartbeatCallbacks: Scenario = defineScenario({
  ...shape,
  name: 'heartbeat-callbacks',
  summary: 'Five nodes that tell each other that they live, by timers and callbacks',
  node(env) {
    const peers = new Peers(env);
    void env.transport.start({ onMessage: (from, message) => peers.hear(from, message) });
    const beat = (): void => {
      peers.beat();
      env.clock.setTimer(periodMs, beat);
    };
    beat();
  },
});

/** The same by async functions. */
export const heartbeatAsync: Scenario = defineScenario({
  ...shape,
  name: 'heartbeat-async',
  summary: 'Five nodes that tell each other that they live, by async functions',
  async node(env) {
    const peers = new Peers(env);
    await env.transport.start({ onMessage: (from, message) => peers.hear(from, message) });
    for (;;) {
      peers.beat();
      await sleep(env.clock, periodMs);
    }
  },
});
