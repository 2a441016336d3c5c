import { type NodeId, QuorateError, nodeId } from '@quorate/core';
import { type Struct, type StructView, type Team, createTeam, defineStruct } from '@quorate/threads';
import { checkInteger } from '../transport-state.ts';

/** A peer's place. What wakes it is apart from what says who it is, which is rarely written and often read. */
export const Place: Struct<{
  readonly member: 'int32';
  readonly bell: 'int32';
  readonly sleeping: 'int32';
}> = defineStruct([
  /** The team's id of who is there, or 0. */
  { member: 'int32' },
  /** What the peer parks on, and whether it does. */
  { bell: 'int32', sleeping: 'int32' },
]);

/** One direction between two peers: what the sender writes, and what the receiver writes. Positions count bytes modulo 2^32. */
export const Direction: Struct<{
  readonly tail: 'int32';
  readonly waiting: 'int32';
  readonly head: 'int32';
  readonly accepted: 'int32';
}> = defineStruct([
  { tail: 'int32', waiting: 'int32' },
  { head: 'int32', accepted: 'int32' },
]);

export type PlaceView = StructView<typeof Place>;
export type DirectionView = StructView<typeof Direction>;

/** What {@link createSharedNetwork} makes: plain data and shared memory, to be handed to every thread that takes part. */
export interface SharedNetwork {
  readonly version: 1;
  readonly peers: readonly NodeId[];
  readonly ringBytes: number;
  readonly messageMaxBytes: number;
  readonly memory: SharedArrayBuffer;
  /** The memory of the team that tells who is alive. */
  readonly team: SharedArrayBuffer;
}

/** How a network is laid out. */
export interface SharedNetworkOptions {
  /** Who takes part, from 2 to 64 names. Each is one thread at a time. */
  readonly peers: readonly NodeId[];
  /** Bytes of each of the n * (n - 1) rings: a power of two. Default 1 MiB. */
  readonly ringBytes?: number | undefined;
  /** The longest message, at most `ringBytes / 2 - 8`. Default a quarter of `ringBytes`. */
  readonly messageMaxBytes?: number | undefined;
  /** The team that the threads are spawned into, so that a death is learned of. Default: one of its own. */
  readonly team?: Team | undefined;
}

const peersMax = 64;

/**
 * Makes the memory of a network between the threads of one process: a ring for each direction between two peers. The rings'
 * pages cost nothing before they are used.
 *
 * @throws RangeError, TypeError for sizes and names that are none
 * @throws QuorateError `UNSUPPORTED` where there is no shared memory
 */
export function createSharedNetwork(options: SharedNetworkOptions): SharedNetwork {
  const { ringBytes = 0x10_0000, messageMaxBytes = ringBytes / 4 } = options;
  const peers = options.peers.map(peer => nodeId(peer));
  checkInteger('Count of peers', peers.length, 2, peersMax);
  if (new Set(peers).size < peers.length)
    throw new RangeError(`Peers must be distinct: received ${peers.join()}`);
  checkInteger('Ring size in bytes', ringBytes, 1024, 0x1000_0000);
  if ((ringBytes & (ringBytes - 1)) !== 0)
    throw new RangeError(`Ring size in bytes must be a power of two: received ${ringBytes}`);
  checkInteger('Longest message in bytes', messageMaxBytes, 1, ringBytes / 2 - recordHeaderBytes);
  if (typeof SharedArrayBuffer === 'undefined') {
    throw new QuorateError(
      'UNSUPPORTED',
      'There is no shared memory here: the page is not cross-origin isolated',
      {
        outcome: 'not-applied',
      },
    );
  }
  const team = options.team ?? createTeam({ capacity: peers.length * 2 });
  const { end } = offsetsOf(peers.length, ringBytes);
  const memory = new SharedArrayBuffer(end);
  return { version: 1, peers, ringBytes, messageMaxBytes, memory, team: team.buffer };
}

/** Bytes before a message in a ring: its length, then its group. Records are padded to as much. */
export const recordHeaderBytes = 8;

interface Offsets {
  readonly generations: number;
  readonly directions: number;
  readonly rings: number;
  readonly end: number;
}

function offsetsOf(peerCount: number, ringBytes: number): Offsets {
  const generations = peerCount * Place.size;
  const directions = Math.ceil((generations + peerCount * peerCount * 4) / 64) * 64;
  const rings = Math.ceil((directions + peerCount * peerCount * Direction.size) / 64) * 64;
  return { generations, directions, rings, end: rings + peerCount * (peerCount - 1) * ringBytes };
}

/** Shows one network's memory by the places of its peers. */
export class SharedMap {
  readonly #network: SharedNetwork;
  readonly #offsets: Offsets;
  readonly #count: number;

  constructor(network: SharedNetwork) {
    this.#network = network;
    this.#count = network.peers.length;
    this.#offsets = offsetsOf(this.#count, network.ringBytes);
  }

  place(index: number): PlaceView {
    return Place.view(this.#network.memory, index * Place.size);
  }

  /** The word that counts the connections of a pair: one for both directions. */
  generation(one: number, other: number): Int32Array {
    const index = Math.min(one, other) * this.#count + Math.max(one, other);
    return new Int32Array(this.#network.memory, this.#offsets.generations + index * 4, 1);
  }

  direction(from: number, to: number): DirectionView {
    const index = from * this.#count + to;
    return Direction.view(this.#network.memory, this.#offsets.directions + index * Direction.size);
  }

  /** The ring's memory in words and in bytes. */
  ring(from: number, to: number): { readonly words: Int32Array; readonly bytes: Uint8Array } {
    const { memory, ringBytes } = this.#network;
    // Nobody sends to itself, so each sender has one ring less than there are peers.
    const index = from * (this.#count - 1) + (to > from ? to - 1 : to);
    const offset = this.#offsets.rings + index * ringBytes;
    return {
      words: new Int32Array(memory, offset, ringBytes / 4),
      bytes: new Uint8Array(memory, offset, ringBytes),
    };
  }
}
