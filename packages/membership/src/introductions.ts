import { type Clock, type NodeId, QuorateError, sleep, type WaitOptions } from '@quorate/core';

/** Where a transport keeps its peers, for members whose names nobody knew beforehand. TCP's transport is one. */
export interface PeerBook {
  /** Makes a node a peer that listens at an address, or tells where it listens now. */
  addPeer(id: NodeId, address: string): void;
  /** Gives a peer up that a membership has forgotten. Leave it out where peers are kept by others, too. */
  removePeer?(id: NodeId): unknown;
  /** Connects to whoever listens at an address, and says who it is. For seeds of which nobody knows the name. */
  meet?(address: string, options: WaitOptions): Promise<NodeId>;
}

/** Tells the transport of members, and finds out who listens at the addresses of seeds. */
export class Introductions {
  readonly #peers: PeerBook | undefined;
  readonly #named: ReadonlySet<NodeId>;
  /** Where members were last said to listen. */
  readonly #addresses: Map<NodeId, string> = new Map();
  readonly #ending: AbortController = new AbortController();
  #isMeeting = false;
  /** How many addresses of members could not be used. */
  refusedCount = 0;
  /** Why a seed could not be met the last time. */
  seedFault: string | undefined;

  /** @param named whom the user named: they stay peers, whatever becomes of them */
  constructor(peers: PeerBook | undefined, named: ReadonlySet<NodeId>) {
    this.#peers = peers;
    this.#named = named;
  }

  /** An address comes from another process: one that cannot be used must not end this one. */
  introduce(id: NodeId, address: string): void {
    if (this.#peers === undefined || address === '' || this.#addresses.get(id) === address) return;
    this.#addresses.set(id, address);
    try {
      this.#peers.addPeer(id, address);
    } catch {
      this.refusedCount++;
    }
  }

  /** A member is remembered no more. */
  forget(id: NodeId): void {
    if (this.#addresses.delete(id) && !this.#named.has(id)) this.#peers?.removePeer?.(id);
  }

  /** Finds out who listens at addresses, and again where those who were met there are no members. */
  async meet(
    clock: Clock,
    addresses: readonly string[],
    parts: {
      /** Until the next look. */
      readonly pauseMs: () => number;
      readonly isMember: (id: NodeId) => boolean;
      readonly onMet: (id: NodeId) => void;
    },
  ): Promise<void> {
    if (this.#isMeeting || addresses.length === 0) return;
    this.#isMeeting = true;
    const { signal } = this.#ending;
    const met = new Map<string, NodeId>();
    const meetAt = async (address: string): Promise<void> => {
      const last = met.get(address);
      if (last !== undefined && parts.isMember(last)) return;
      const id = await this.#meetOne(address, signal);
      if (id === undefined || signal.aborted) return;
      met.set(address, id);
      parts.onMet(id);
    };
    while (!signal.aborted) {
      await Promise.all(addresses.map(meetAt));
      await sleep(clock, parts.pauseMs(), { signal }).catch(() => {});
    }
  }

  close(): void {
    this.#ending.abort(new QuorateError('CLOSED', 'The membership was disposed of'));
  }

  async #meetOne(address: string, signal: AbortSignal): Promise<NodeId | undefined> {
    try {
      const id = await this.#peers?.meet?.(address, { signal });
      this.seedFault = undefined;
      return id;
    } catch (thrown) {
      this.seedFault = `${address}: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
      return undefined;
    }
  }
}
