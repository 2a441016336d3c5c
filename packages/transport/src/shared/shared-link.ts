import {
  type GroupId,
  type NodeId,
  QuorateError,
  type SendResult,
  type TransportHandlers,
} from '@quorate/core';
import { type Team, type MemberId, wake } from '@quorate/threads';
import { reportUncaught } from '../report-uncaught.ts';
import type { DirectionView, PlaceView, SharedMap } from './layout.ts';
import { RingReader } from './ring-reader.ts';
import { RingWriter } from './ring-writer.ts';

/** Written and not yet published bytes, above which a batch is shown to the receiver early, so that both work at once. */
const publishBytes = 16_384;

/**
 * This thread's view of its connection to one peer.
 *
 * A pair counts its connections in one shared word, the generation: whoever starts, and whoever ends a connection, adds one.
 * A receiver that sees a new generation forgets what is in its ring and writes the number down as accepted; a sender that reads
 * the present number there writes a mark with it into the ring, and only then messages. So nothing of an earlier connection,
 * or of a thread that died, is ever taken for something of this one.
 */
export class SharedLink {
  readonly peer: NodeId;
  readonly #place: PlaceView;
  readonly #generationWord: Int32Array;
  readonly #incoming: DirectionView;
  readonly #outgoing: DirectionView;
  readonly #reader: RingReader;
  readonly #writer: RingWriter;
  /** The connection that this side has accepted, and who was there then; 0 for none. */
  #generation = 0;
  #member = 0;
  /** Messages are taken on: the peer has accepted as well. */
  #up = false;
  /** The user has heard of the connection, and not of its end. */
  #told = false;
  /** The peer's mark of this connection has come: what follows in the ring belongs to it. */
  #opened = false;
  #toldFull = false;
  /** Why this side has ended the connection, in a list of one. */
  #ended: readonly [cause: unknown] | undefined;

  constructor(map: SharedMap, peer: NodeId, self: number, other: number, messageMaxBytes: number) {
    this.peer = peer;
    this.#place = map.place(other);
    this.#generationWord = map.generation(self, other);
    this.#incoming = map.direction(other, self);
    this.#outgoing = map.direction(self, other);
    this.#reader = new RingReader(map.ring(other, self), this.#incoming, messageMaxBytes);
    this.#writer = new RingWriter(map.ring(self, other), this.#outgoing);
  }

  get queuedBytes(): number {
    return this.#up ? this.#writer.usedBytes : 0;
  }

  /** Begins a new connection, whatever there was. */
  renew(): void {
    Atomics.add(this.#generationWord, 0, 1);
  }

  /** Wakes the peer if it sleeps. */
  ring(): void {
    const { bell, sleeping } = this.#place;
    if (Atomics.load(sleeping, 0) === 0) return;
    Atomics.add(bell, 0, 1);
    wake(bell, 0);
  }

  /** Takes a message on. `publish` shows it to the peer; long batches are shown early. */
  send(message: Uint8Array, group: number): SendResult {
    if (!this.#up) return 'disconnected';
    if (!this.#writer.write(message, group)) {
      this.#toldFull = true;
      this.publish();
      return 'full';
    }
    if (this.#writer.unpublishedBytes >= publishBytes) this.publish();
    return 'sent';
  }

  publish(): void {
    if (this.#writer.publish()) this.ring();
  }

  /** Ends the connection from here; the user is told in the next {@link turn}. */
  end(cause: unknown): void {
    if (!this.#told || this.#ended !== undefined) return;
    this.#up = false;
    this.#ended = [cause];
    this.renew();
    this.ring();
  }

  /** Takes the place from a member that is dead. */
  reap(team: Team): boolean {
    const member = Atomics.load(this.#place.member, 0);
    if (member === 0 || team.isAlive(member as MemberId)) return false;
    return Atomics.compareExchange(this.#place.member, 0, member, 0) === member;
  }

  /** Whether {@link turn} has something to do. */
  get ready(): boolean {
    if (this.#ended !== undefined || this.#isOver()) return true;
    if (this.#generation === 0) return Atomics.load(this.#place.member, 0) !== 0;
    if (!this.#up) return Atomics.load(this.#outgoing.accepted, 0) === this.#generation;
    return this.#reader.ready || (this.#toldFull && this.#writer.hasRoom);
  }

  /**
   * Does what there is to do: connects, hands over, tells of room. Says whether there was anything. It ends where a handler
   * disposes of the transport: the rings may be another thread's from then on.
   */
  turn(handlers: () => TransportHandlers | undefined): boolean {
    let busy = false;
    const isLive = (): boolean => handlers() !== undefined;
    if (this.#ended !== undefined || this.#isOver()) {
      this.#close(handlers);
      busy = true;
    }
    if (this.#generation === 0 && isLive()) busy = this.#accept() || busy;
    if (this.#generation !== 0 && !this.#up) busy = this.#open(handlers) || busy;
    if (this.#generation !== 0 && isLive() && this.#reader.ready) {
      this.#receive(handlers);
      busy = true;
    }
    if (this.#up && this.#toldFull && isLive() && this.#writer.hasRoom) {
      this.#toldFull = false;
      this.#writer.stopWaiting();
      tell(() => handlers()?.onDrain?.(this.peer));
      busy = true;
    }
    return busy;
  }

  #isOver(): boolean {
    return (
      this.#generation !== 0 &&
      (Atomics.load(this.#generationWord, 0) !== this.#generation ||
        Atomics.load(this.#place.member, 0) !== this.#member)
    );
  }

  #accept(): boolean {
    const generation = Atomics.load(this.#generationWord, 0);
    const member = Atomics.load(this.#place.member, 0);
    if (member === 0) return false;
    this.#generation = generation;
    this.#member = member;
    this.#opened = false;
    this.#reader.skipAll();
    Atomics.store(this.#incoming.accepted, 0, generation);
    this.ring();
    return true;
  }

  #open(handlers: () => TransportHandlers | undefined): boolean {
    if (Atomics.load(this.#outgoing.accepted, 0) !== this.#generation) return false;
    this.#writer.resume();
    // A receiver that has accepted has emptied the ring.
    if (!this.#writer.open(this.#generation)) return false;
    this.#up = this.#told = true;
    this.#toldFull = false;
    this.publish();
    tell(() => handlers()?.onConnect?.(this.peer));
    return true;
  }

  #receive(handlers: () => TransportHandlers | undefined): void {
    const reader = this.#reader;
    let user = handlers();
    reader.look();
    for (let record = reader.next(); record !== 'none'; record = reader.next()) {
      if (record === 'broken') {
        this.#break();
        break;
      }
      if (record === 'open') this.#opened = this.#isOpenedBy(reader.group, handlers);
      else if (this.#opened && this.#told) {
        try {
          user?.onMessage(this.peer, reader.message, reader.group as GroupId);
        } catch (thrown) {
          reportUncaught(thrown);
        }
      }
      user = handlers();
      if (user === undefined) return;
      if (this.#ended !== undefined) break;
    }
    if (reader.free()) this.ring();
  }

  /** The peer accepts before it opens, so this side can have opened before the first message comes. */
  #isOpenedBy(generation: number, handlers: () => TransportHandlers | undefined): boolean {
    if (generation !== this.#generation >>> 0) return false;
    if (!this.#up) this.#open(handlers);
    return this.#told;
  }

  #break(): void {
    const cause = new QuorateError('PROTOCOL_VIOLATION', `The ring from "${this.peer}" holds no messages`);
    if (this.#told) this.end(cause);
    else this.renew();
  }

  /** Hands over what the peer sent before its end, unless this side has ended the connection, and tells of the end. */
  #close(handlers: () => TransportHandlers | undefined): void {
    if (this.#told && this.#ended === undefined) this.#receive(handlers);
    const [cause] = this.#ended ?? [
      new QuorateError('CONNECTION_LOST', `"${this.peer}" has left, died or ended the connection`, {
        retryable: true,
      }),
    ];
    const told = this.#told;
    this.#generation = this.#member = 0;
    this.#up = this.#told = this.#toldFull = false;
    this.#ended = undefined;
    if (told) tell(() => handlers()?.onDisconnect?.(this.peer, cause));
  }
}

/** Tells the user something; what a handler throws is uncaught, but not here. */
function tell(call: () => void): void {
  try {
    call();
  } catch (thrown) {
    reportUncaught(thrown);
  }
}
