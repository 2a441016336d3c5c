import {
  type Clock,
  type GroupId,
  type NodeId,
  QuorateError,
  type SendResult,
  type Transport,
  type TransportCapabilities,
  type TransportHandlers,
  systemClock,
} from '@quorate/core';
import { type MemberId, type Team, attachTeam, canPark, park, parkAsync, wake } from '@quorate/threads';
import { nextTurn } from '../next-turn.ts';
import { TransportState, checkMessage } from '../transport-state.ts';
import { type PlaceView, SharedMap, type SharedNetwork } from './layout.ts';
import { SharedLink } from './shared-link.ts';

/** How a thread takes part in a network. */
export interface SharedOptions {
  /** Who this thread is in the network's team: a worker's own `member`. Default: it joins, and nobody learns of its sudden death. */
  readonly member?: MemberId | undefined;
  /** This thread hands messages over in {@link SharedTransport.receive} alone, and never in its event loop. Default `false`. */
  readonly blocking?: boolean | undefined;
  /**
   * After messages came, how long the event loop is held for the next ones before it is let go: answers then come in
   * microseconds, and everything else of this thread waits so long. Default 0.
   */
  readonly lingerMs?: number | undefined;
  /** How often the doorbell is looked at before sleeping; see `park`. Default 0, best wherever cores are shared. */
  readonly spins?: number | undefined;
  /** What deadlines are measured on. Default `systemClock`. */
  readonly clock?: Clock | undefined;
}

/** A transport over shared memory. */
export interface SharedTransport extends Transport {
  /**
   * Blocks this thread until something happens (messages, a connection, room for who was full) and tells the handlers.
   * Says whether anything did before the deadline. For threads that have nothing else to do; not from within a handler.
   *
   * @throws QuorateError `UNSUPPORTED` where threads may not block (a browser's main thread); `CLOSED`
   */
  receive(options?: { readonly deadlineMs?: number | undefined }): boolean;
}

/**
 * Takes part in a network as `self`, from `start` on.
 *
 * `start` rejects with `NAME_IN_USE` while a living thread has that name, and with `TEAM_FULL` where it must join and cannot.
 *
 * @throws RangeError when `self` is not among the network's peers
 */
export function attachSharedTransport(
  network: SharedNetwork,
  self: NodeId,
  options: SharedOptions = {},
): SharedTransport {
  return new RingTransport(network, self, options);
}

/** A thread that blocks cannot be told of deaths by its event loop, so it looks this often. */
const deathLookMs = 50;

class RingTransport implements SharedTransport {
  readonly self: NodeId;
  readonly capabilities: TransportCapabilities;
  readonly #options: SharedOptions;
  readonly #clock: Clock;
  readonly #team: Team;
  readonly #place: PlaceView;
  readonly #links: readonly SharedLink[];
  readonly #byPeer: ReadonlyMap<NodeId, SharedLink>;
  readonly #state = new TransportState();
  readonly #handlers = (): TransportHandlers | undefined => this.#state.handlers;
  #member: MemberId | undefined;
  #watch: Disposable | undefined;
  #running: Promise<void> | undefined;
  #inTurn = false;
  #flushing = false;
  #deathLookDueMs = 0;

  constructor(network: SharedNetwork, self: NodeId, options: SharedOptions) {
    const index = network.peers.indexOf(self);
    if (index < 0)
      throw new RangeError(`Name must be one of ${network.peers.join(', ')}: received "${self}"`);
    const map = new SharedMap(network);
    this.self = self;
    this.capabilities = { messageMaxBytes: network.messageMaxBytes, authenticated: true, reach: 'process' };
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#team = attachTeam(network.team);
    this.#place = map.place(index);
    const others = network.peers.map((peer, other) => ({ peer, other })).filter(({ peer }) => peer !== self);
    this.#links = others.map(
      ({ peer, other }) => new SharedLink(map, peer, index, other, network.messageMaxBytes),
    );
    this.#byPeer = new Map(this.#links.map(link => [link.peer, link]));
  }

  async start(handlers: TransportHandlers): Promise<void> {
    this.#state.start(handlers);
    try {
      this.#member = this.#options.member ?? this.#team.join();
      this.#take(this.#member);
    } catch (error) {
      this.#state.dispose();
      throw error;
    }
    for (const link of this.#links) {
      link.renew();
      link.ring();
    }
    this.#watch = this.#team.watch(() => this.#reap());
    this.#reap();
    if (this.#options.blocking !== true) this.#running = this.#run();
  }

  send(to: NodeId, message: Uint8Array, group?: GroupId): SendResult {
    checkMessage(message, this.capabilities.messageMaxBytes);
    const link = this.#byPeer.get(to);
    if (link === undefined || !this.#state.live) return 'disconnected';
    const result = link.send(message, group ?? 0);
    if (!this.#inTurn && !this.#flushing && result === 'sent') {
      this.#flushing = true;
      queueMicrotask(this.#flush);
    }
    return result;
  }

  queuedBytes(peer: NodeId): number {
    return this.#state.live ? (this.#byPeer.get(peer)?.queuedBytes ?? 0) : 0;
  }

  disconnect(peer: NodeId, cause: unknown): void {
    this.#byPeer.get(peer)?.end(cause);
    this.#ringSelf();
  }

  receive({
    deadlineMs = Number.POSITIVE_INFINITY,
  }: {
    readonly deadlineMs?: number | undefined;
  } = {}): boolean {
    if (!this.#state.live)
      throw new QuorateError('CLOSED', 'The transport does not run', { outcome: 'not-applied' });
    if (this.#inTurn) throw new TypeError('Messages must not be received from within a handler');
    let nowMs = this.#clock.monotonicMs();
    const dueMs = nowMs + deadlineMs;
    this.#flush();
    try {
      for (;;) {
        // By the clock and not by silence: who is kept busy by one peer learns of another's death too.
        if (nowMs >= this.#deathLookDueMs) {
          this.#reap();
          this.#deathLookDueMs = nowMs + deathLookMs;
        }
        if (this.#turn()) return true;
        if (nowMs >= dueMs) return false;
        this.#sleep(Math.min(dueMs, this.#deathLookDueMs) - nowMs);
        nowMs = this.#clock.monotonicMs();
      }
    } finally {
      // The event loop's own wait, if there is one, goes on; it must be rung for what comes from now on.
      if (this.#running !== undefined && this.#state.live) this.#fallAsleep();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const member = this.#member;
    if (this.#state.dispose() && member !== undefined) {
      this.#watch?.[Symbol.dispose]();
      for (const link of this.#links) link.publish();
      Atomics.compareExchange(this.#place.member, 0, member, 0);
      if (this.#options.member === undefined) this.#team.leave(member);
      for (const link of this.#links) link.ring();
      this.#ringSelf();
    }
    if (!this.#inTurn) await this.#running;
  }

  /** Takes this name's place, which must be empty, or its holder dead. */
  #take(member: MemberId): void {
    const { member: word } = this.#place;
    for (;;) {
      const holder = Atomics.load(word, 0);
      if (holder !== 0 && this.#team.isAlive(holder as MemberId)) {
        if (this.#options.member === undefined) this.#team.leave(member);
        throw new QuorateError('NAME_IN_USE', `"${this.self}" is taken by a thread that lives`, {
          retryable: true,
          outcome: 'not-applied',
        });
      }
      if (Atomics.compareExchange(word, 0, holder, member) === holder) return;
    }
  }

  /** Shows the peers what was sent. */
  readonly #flush = (): void => {
    this.#flushing = false;
    for (const link of this.#links) link.publish();
  };

  #turn(): boolean {
    let busy = false;
    this.#inTurn = true;
    try {
      for (const link of this.#links) {
        busy = link.turn(this.#handlers) || busy;
        if (!this.#state.live) return true; // From now on another thread may have this name, and the rings with it.
      }
    } finally {
      this.#inTurn = false;
    }
    this.#flush();
    return busy;
  }

  /** Says that this thread is about to sleep, then looks once more: what comes after this look rings. */
  #fallAsleep(): number {
    const { bell, sleeping } = this.#place;
    const seen = Atomics.load(bell, 0);
    Atomics.store(sleeping, 0, 1);
    if (this.#links.some(isReady)) this.#ringSelf();
    return seen;
  }

  #sleep(deadlineMs: number): 'ok' | 'not-equal' | 'timed-out' {
    const { bell, sleeping } = this.#place;
    const result = park(bell, 0, this.#fallAsleep(), { deadlineMs, spins: this.#options.spins });
    Atomics.store(sleeping, 0, 0);
    return result;
  }

  #ringSelf(): void {
    Atomics.add(this.#place.bell, 0, 1);
    wake(this.#place.bell, 0);
  }

  /** Frees the places of the dead, and tells everybody. */
  #reap(): void {
    if (!this.#links.map(link => link.reap(this.#team)).includes(true)) return;
    for (const link of this.#links) link.ring();
    this.#ringSelf();
  }

  /** Hands messages over in the event loop, for as long as the transport lives: the place may be another thread's afterwards. */
  async #run(): Promise<void> {
    const { bell, sleeping } = this.#place;
    const lingerMs = canPark() ? (this.#options.lingerMs ?? 0) : 0;
    while (this.#state.live) {
      const busy = this.#turn();
      if (busy && lingerMs > 0) await microtasks(); // What the handlers have woken goes on first, and may send.
      if (!this.#state.live) return;
      if (busy && lingerMs > 0) {
        this.#flush();
        if (this.#sleep(lingerMs) !== 'timed-out') {
          if (this.#clock.monotonicMs() >= this.#loopDueMs) await this.#letGo();
          continue;
        }
      }
      const seen = this.#fallAsleep();
      if (Atomics.load(bell, 0) === seen) await parkAsync(bell, 0, seen, { clock: this.#clock });
      else await this.#letGo();
      if (this.#state.live) Atomics.store(sleeping, 0, 0);
    }
  }

  /** When the event loop is owed a turn, however busy the peers are. */
  #loopDueMs = 0;

  async #letGo(): Promise<void> {
    await new Promise<void>(nextTurn);
    this.#loopDueMs = this.#clock.monotonicMs() + (this.#options.lingerMs ?? 0);
  }
}

function isReady(link: SharedLink): boolean {
  return link.ready;
}

/** Settles when whatever chain of promises goes on now has gone as far as it can; where ticks are unknown, after some steps. */
async function microtasks(): Promise<void> {
  const { process } = globalThis;
  if (process?.nextTick !== undefined) return new Promise(resolve => process.nextTick(resolve));
  for (let step = 0; step < 16; step++) await Promise.resolve();
}
