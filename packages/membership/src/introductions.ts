import { type Clock, type NodeId, QuorateError, sleep, type WaitOptions } from '@quorate/core';

/** Where a transport keeps its peers, for members whose names nobody knew beforehand. TCP's transport is one. */
export interface PeerBook {
  /** Makes a node a peer that listens at an address, or tells where it listens now. */
  addPeer(id: NodeId, address: string): void;
  /** Gives a peer up that a membership has forgotten. Leave it out where peers are kept by others, too. */
  removePeer?(id: NodeId): unknown;
  /**
   * Connects to whoever listens at an address, and says who it is: the member's own id where the address leads back to itself.
   * For seeds.
   */
  meet?(address: string, options: WaitOptions): Promise<NodeId>;
}

/** A seed as it was checked: with a name, an address, or both. */
export interface KnownSeed {
  readonly id: NodeId | undefined;
  readonly address: string | undefined;
}

/** Tells the transport of members, and finds out who listens at the addresses of seeds. */
export class Introductions {
  readonly #self: NodeId;
  readonly #peers: PeerBook | undefined;
  readonly #named: ReadonlySet<NodeId>;
  /** Where members were last said to listen. */
  readonly #addresses: Map<NodeId, string> = new Map();
  readonly #ending: AbortController = new AbortController();
  /** Those of this join that are to be found. */
  #seeds: readonly KnownSeed[] = [];
  /** Those of them that turned out to be this member. */
  readonly #own: Set<KnownSeed> = new Set();
  #isMeeting = false;
  /** How many addresses of members could not be used. */
  refusedCount = 0;
  /** Why a seed could not be met the last time, or that it is this member. */
  seedFault: string | undefined;

  /** @param named whom the user named: they stay peers, whatever becomes of them */
  constructor(self: NodeId, peers: PeerBook | undefined, named: ReadonlySet<NodeId>) {
    this.#self = self;
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

  /** Whether there is nobody to join by: every seed is this member, or there are none. */
  get isAlone(): boolean {
    return this.#seeds.every(seed => this.#own.has(seed));
  }

  /**
   * Finds out who listens at the addresses of seeds, and again where those who were met there are no members. It never ends where
   * a seed is this member: behind an address that leads to any of several it was one try of many.
   */
  async meet(
    clock: Clock,
    seeds: readonly KnownSeed[],
    parts: {
      /** Until the next look. */
      readonly pauseMs: () => number;
      readonly isMember: (id: NodeId) => boolean;
      readonly onMet: (id: NodeId) => void;
      /** Every seed is this member. */
      readonly onAlone: () => void;
    },
  ): Promise<void> {
    this.#seeds = seeds;
    const found = this.#peers?.meet === undefined ? [] : seeds.filter(({ address }) => address !== undefined);
    if (this.#isMeeting || found.length === 0) return;
    this.#isMeeting = true;
    const { signal } = this.#ending;
    const met = new Map<KnownSeed, NodeId>();
    const meetAt = async (seed: KnownSeed): Promise<void> => {
      const last = met.get(seed) ?? seed.id;
      if (last !== undefined && parts.isMember(last)) return;
      const id = await this.#meetOne(seed.address ?? '', signal);
      if (id === undefined || signal.aborted) return;
      if (id === this.#self) {
        if (this.#isOwn(seed)) parts.onAlone();
        return;
      }
      this.#own.delete(seed);
      met.set(seed, id);
      parts.onMet(id);
    };
    // Those with a name are dialed by the transport itself, and asked after where that does not help.
    let due = found.filter(({ id }) => id === undefined);
    while (!signal.aborted) {
      await Promise.all(due.map(meetAt));
      due = found;
      await sleep(clock, parts.pauseMs(), { signal }).catch(() => {});
    }
  }

  /** A message came back that was sent to some peer: to the only seed, where there is one. @returns whether that leaves nobody */
  echoed(): boolean {
    const [only, ...others] = this.#seeds;
    return only !== undefined && others.length === 0 && this.#isOwn(only);
  }

  close(): void {
    this.#ending.abort(new QuorateError('CLOSED', 'The membership was disposed of'));
  }

  /** @returns whether all of them are */
  #isOwn(seed: KnownSeed): boolean {
    this.#own.add(seed);
    this.seedFault = `${seed.address ?? seed.id}: leads back to "${this.#self}" itself`;
    return this.isAlone;
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
