import type { NodeId } from '@quorate/core';
import type { RefusalReason } from '../hello.ts';
import type { PeerAddress } from '../peer-address.ts';
import { reportUncaught } from '../report-uncaught.ts';
import { PeerLink } from './peer-link.ts';
import type { TcpNode } from './tcp-node.ts';

/** The links to all peers: those that were named, and guests for as long as they are connected. */
export class PeerLinks {
  readonly #node: TcpNode;
  readonly #admit: ((id: NodeId) => boolean) | undefined;
  readonly #onUp: (beatMs: number) => void;
  readonly #links: Map<NodeId, PeerLink> = new Map();

  /**
   * @param admit who may come in without having been named
   * @param onUp told of each connection, and how often this node has to speak on it
   */
  constructor(node: TcpNode, admit: ((id: NodeId) => boolean) | undefined, onUp: (beatMs: number) => void) {
    this.#node = node;
    this.#admit = admit;
    this.#onUp = onUp;
  }

  get(id: NodeId): PeerLink | undefined {
    return this.#links.get(id);
  }

  [Symbol.iterator](): IterableIterator<PeerLink> {
    return this.#links.values();
  }

  /** Makes a node a peer for good. Gives the link if it is new. */
  name(id: NodeId, address: PeerAddress | undefined): PeerLink | undefined {
    const existing = this.#links.get(id);
    if (existing === undefined) return this.#make(id, address, false);
    existing.isGuest = false;
    existing.move(address);
    return undefined;
  }

  /** Why a node may not connect, if so: neither as a peer nor as a guest. */
  objectionTo(id: NodeId): readonly [RefusalReason, string] | undefined {
    if (this.#links.has(id)) return undefined;
    if (!this.#isAdmitted(id)) return ['UNKNOWN_PEER', `"${id}" is no peer of "${this.#node.self}"`];
    const { guestsMax } = this.#node.limits;
    const guestCount = [...this.#links.values()].filter(({ isGuest }) => isGuest).length;
    return guestCount < guestsMax ? undefined : ['GUEST_LIMIT', `there are ${guestCount} guests already`];
  }

  /** The link to whoever has a connection to here now: a guest, unless it was named. @param address where it was met */
  linkOf(id: NodeId, address?: PeerAddress): PeerLink {
    const existing = this.#links.get(id);
    if (existing === undefined) return this.#make(id, address, true);
    if (existing.isGuest) existing.address ??= address;
    return existing;
  }

  /** Takes a link out. */
  remove(id: NodeId): PeerLink | undefined {
    const link = this.#links.get(id);
    this.#links.delete(id);
    return link;
  }

  clear(): void {
    this.#links.clear();
  }

  /** What the user's word throws is no. */
  #isAdmitted(id: NodeId): boolean {
    try {
      return this.#admit?.(id) === true;
    } catch (thrown) {
      reportUncaught(thrown);
      return false;
    }
  }

  #make(id: NodeId, address: PeerAddress | undefined, isGuest: boolean): PeerLink {
    const link: PeerLink = new PeerLink(this.#node, id, address, this.#onUp, () => {
      if (this.#links.get(id) === link) this.#links.delete(id);
    });
    link.isGuest = isGuest;
    this.#links.set(id, link);
    return link;
  }
}
