import {
  boundedWait,
  type Clock,
  defineChannel,
  type GroupId,
  groupId,
  type NodeId,
  nodeId,
  QuorateError,
  type SendResult,
  systemClock,
  systemRandom,
  type Timer,
  type Transport,
  type TransportHandlers,
  type WaitOptions,
} from '@quorate/core';
import { ChangeFeed, type Resync } from './change-feed.ts';
import { Introductions, type KnownSeed, type PeerBook } from './introductions.ts';
import type { Membership, MembershipStatus } from './membership.ts';
import type { MembershipOptions, Seed } from './membership-options.ts';
import { noMeta } from './swim/member.ts';
import { Swim } from './swim/swim.ts';
import type { MemberChange, MemberView } from './swim/swim-effects.ts';
import { type SwimTuning, tuningOf } from './swim/swim-options.ts';

/** The group of the membership's messages unless another is given: one that nobody takes by chance. */
export const membershipGroup: GroupId = groupId(0x5357_494d);

/** Every change at every member of this process. */
const changesChannel = defineChannel<{ readonly self: NodeId; readonly change: MemberChange }>(
  'quorate:membership:change',
);

/** Drives a core: hands it the time and the messages, arms one timer, sends what it wants sent. */
export class SwimMembership implements Membership {
  readonly self: NodeId;
  readonly handlers: TransportHandlers;
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #group: GroupId;
  readonly #tuning: SwimTuning;
  readonly #introductions: Introductions;
  readonly #swim: Swim;
  readonly #ownAddress: (() => string) | undefined;
  readonly #seedIds: ReadonlySet<NodeId>;
  /** All but itself. */
  readonly #seeds: readonly KnownSeed[];
  readonly #feed: ChangeFeed<MemberChange> = new ChangeFeed();
  readonly #joined: Latch = new Latch();
  readonly #left: Latch = new Latch();
  #others: TransportHandlers | undefined;
  #timer: Timer | undefined;
  #timerMs = Number.POSITIVE_INFINITY;
  #isRunning = false;
  #hasLeft = false;
  #closed: QuorateError | undefined;
  #lateMaxMs = 0;

  constructor(options: MembershipOptions) {
    const { transport, clock = systemClock, random = systemRandom } = options;
    this.self = checkSelf(transport, options.self);
    this.#transport = transport;
    this.#clock = clock;
    this.#group = groupId(options.group ?? membershipGroup);
    const { messageMaxBytes } = transport.capabilities;
    this.#tuning = tuningOf(options.preset ?? 'lan', options.tuning);
    if (this.#tuning.messageMaxBytes > messageMaxBytes) {
      throw new RangeError(
        `Tuning "messageMaxBytes" must be at most the transport's, ${messageMaxBytes}: received ${this.#tuning.messageMaxBytes}`,
      );
    }
    const { peers, address = '' } = options;
    this.#ownAddress = typeof address === 'function' ? address : undefined;
    const seeds = (options.seeds ?? []).map(seed => checkSeed(seed, peers));
    this.#seeds = seeds.filter(({ id }) => id !== this.self);
    for (const { id, address: where } of this.#seeds)
      if (id !== undefined && where !== undefined) peers?.addPeer(id, where);
    this.#seedIds = new Set(this.#seeds.flatMap(({ id }) => id ?? []));
    this.#introductions = new Introductions(this.self, peers, this.#seedIds);
    this.#swim = new Swim({
      self: this.self,
      // Wall time exceeds every incarnation of an earlier life, unless clocks were set back: then others say so.
      incarnation: Math.max(0, Math.floor(clock.wallMs())),
      life: random.below(2 ** 31),
      random,
      seeds: [...this.#seedIds],
      meta: this.#checkMeta(options.meta ?? noMeta),
      address: typeof address === 'function' ? '' : checkAddress(address),
      tuning: this.#tuning,
      detectorOf: options.detectorOf,
      nowMs: clock.monotonicMs(),
    });
    this.handlers = {
      onMessage: (from, message, group) => this.#onMessage(from, message, group),
      onConnect: peer => {
        this.#greet(peer);
        this.#others?.onConnect?.(peer);
      },
      onDisconnect: (peer, cause) => {
        this.#swim.doubt(peer);
        this.#others?.onDisconnect?.(peer, cause);
      },
      onDrain: peer => this.#others?.onDrain?.(peer),
    };
  }

  async start(others?: TransportHandlers): Promise<void> {
    this.#throwIfClosed();
    this.#others = others;
    await this.#transport.start(this.handlers);
    this.#learnAddress();
  }

  async join(options: WaitOptions = {}): Promise<void> {
    this.#throwIfClosed();
    if (this.#hasLeft) throw hasLeft();
    this.#learnAddress();
    this.#swim.join(this.#run());
    this.#flush();
    const own = this.#swim.member(this.self)?.address;
    void this.#meetSeeds(this.#seeds.filter(({ id, address }) => id !== undefined || address !== own));
    if (this.#introductions.isAlone) return;
    await boundedWait(this.#clock, options, 'unknown', () => this.#joined.promise);
  }

  members(): readonly MemberView[] {
    return [...this.#swim.members()].filter(isLive).sort((one, other) => (one.id < other.id ? -1 : 1));
  }

  member(id: NodeId | string): MemberView | undefined {
    return this.#swim.member(id as NodeId);
  }

  score(id: NodeId | string): number | undefined {
    return this.#swim.score(id as NodeId, this.#clock.monotonicMs());
  }

  changes({ signal }: { readonly signal: AbortSignal }): AsyncIterable<MemberChange | Resync> {
    return this.#feed.listen(signal);
  }

  setMeta(meta: Uint8Array): void {
    this.#throwIfClosed();
    this.#swim.setMeta(this.#checkMeta(meta), this.#clock.monotonicMs());
    this.#flush();
  }

  async leave(options: WaitOptions = {}): Promise<void> {
    this.#throwIfClosed();
    this.#hasLeft = true;
    this.#introductions.close();
    this.#joined.fail(hasLeft());
    this.#swim.leave(this.#run());
    this.#flush();
    await boundedWait(this.#clock, options, 'unknown', () => this.#left.promise);
  }

  status(): MembershipStatus {
    const { liveCount, healthScore, newsCount, malformedCount } = this.#swim;
    const lateMaxMs = this.#lateMaxMs;
    const { refusedCount: refusedAddressCount, seedFault } = this.#introductions;
    return { liveCount, healthScore, newsCount, malformedCount, lateMaxMs, refusedAddressCount, seedFault };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed !== undefined) return;
    this.#closed = new QuorateError('CLOSED', 'The membership was disposed of', { outcome: 'unknown' });
    this.#timer?.cancel();
    this.#introductions.close();
    this.#feed.close();
    this.#joined.fail(this.#closed);
    this.#left.fail(this.#closed);
  }

  #onMessage(from: NodeId, message: Uint8Array, group: GroupId): void {
    if (group !== this.#group) {
      this.#others?.onMessage(from, message, group);
      return;
    }
    if (this.#closed !== undefined) return;
    const nowMs = this.#clock.monotonicMs();
    this.#catchUp(nowMs);
    const fault = this.#swim.receive(from, message, nowMs);
    this.#flush();
    if (fault === undefined) return;
    const text = `"${from}" sent what is no message of a membership: ${fault}`;
    this.#transport.disconnect?.(from, new QuorateError('PROTOCOL_VIOLATION', text));
  }

  /** A connection came up: to whoever could not be reached before there is much to say. */
  #greet(peer: NodeId): void {
    if (!this.#isRunning || this.#closed !== undefined) return;
    const known = this.#swim.member(peer);
    if (known?.state !== 'dead' && (known !== undefined || !this.#seedIds.has(peer))) return;
    this.#swim.reach(peer, this.#clock.monotonicMs());
    this.#flush();
  }

  /** Sees to it that it runs. Says what time it is. */
  #run(): number {
    const nowMs = this.#clock.monotonicMs();
    // What fell due before it began is not late.
    if (!this.#isRunning) this.#swim.tick(nowMs);
    this.#isRunning = true;
    return nowMs;
  }

  /** Asks where this member listens, once the transport may know. */
  #learnAddress(): void {
    const address = this.#ownAddress?.();
    if (address !== undefined) this.#swim.setAddress(checkAddress(address), this.#clock.monotonicMs());
  }

  /** Joins by whoever listens at the addresses of seeds, for as long as those are no members. */
  async #meetSeeds(seeds: readonly KnownSeed[]): Promise<void> {
    const { probeIntervalMs, reconnectIntervalMs } = this.#tuning;
    await this.#introductions.meet(this.#clock, seeds, {
      pauseMs: () => {
        const isUrgent = this.#swim.liveCount === 1 && !this.#introductions.isAlone;
        return isUrgent ? Math.min(probeIntervalMs, reconnectIntervalMs) : reconnectIntervalMs;
      },
      isMember: id => isLive(this.#swim.member(id)),
      onMet: id => {
        this.#swim.reach(id, this.#clock.monotonicMs());
        this.#flush();
      },
      onAlone: () => this.#joined.open(),
    });
  }

  /** Ticks if a tick is due, and says how late it is. Whoever was stopped must not judge by what it could not hear. */
  #catchUp(nowMs: number): void {
    if (!this.#isRunning) return;
    const lateMs = nowMs - this.#swim.dueMs;
    if (lateMs < 0) return;
    this.#lateMaxMs = Math.max(this.#lateMaxMs, lateMs);
    this.#swim.delayed(lateMs, nowMs);
    this.#swim.tick(nowMs);
  }

  /** Does what the core wants done; members are introduced before anything is sent to them. */
  #flush(): void {
    const effects = this.#swim.takeEffects();
    if (effects !== undefined) {
      for (const id of effects.forgotten) this.#introductions.forget(id);
      for (const change of effects.changes) this.#tell(change);
      for (const { to, bytes } of effects.messages) this.#send(to, bytes);
      if (effects.synced.length > 0 || (effects.echoed && this.#introductions.echoed())) this.#joined.open();
      if (effects.leaveTold) this.#left.open();
    }
    this.#arm();
  }

  #tell(change: MemberChange): void {
    const { id, address } = change.member;
    if (isLive(change.member)) this.#introductions.introduce(id, address);
    if (changesChannel.active) changesChannel.publish({ self: this.self, change });
    this.#feed.publish(change);
  }

  /** Best effort: what is not taken is as good as lost, which the protocol is made for. */
  #send(to: NodeId, bytes: Uint8Array): SendResult {
    try {
      return this.#transport.send(to, bytes, this.#group);
    } catch (thrown) {
      // Others know a member that this transport was not told of.
      if (thrown instanceof RangeError) return 'disconnected';
      throw thrown;
    }
  }

  #arm(): void {
    if (!this.#isRunning || this.#closed !== undefined) return;
    const { dueMs } = this.#swim;
    // A timer that comes too early finds nothing to do and is set again, which is rarer than setting it with each message.
    if (dueMs >= this.#timerMs) return;
    this.#timer?.cancel();
    this.#timerMs = dueMs;
    this.#timer = this.#clock.setTimer(Math.max(0, dueMs - this.#clock.monotonicMs()), this.#onTimer);
  }

  readonly #onTimer = (): void => {
    this.#timerMs = Number.POSITIVE_INFINITY;
    this.#catchUp(this.#clock.monotonicMs());
    this.#flush();
  };

  #checkMeta(meta: Uint8Array): Uint8Array {
    if (!(meta instanceof Uint8Array))
      throw new TypeError(`Metadata must be a Uint8Array: received ${typeof meta}`);
    const { metaMaxBytes } = this.#tuning;
    if (meta.length > metaMaxBytes)
      throw new RangeError(`Metadata must be at most ${metaMaxBytes} bytes: received ${meta.length}`);
    return meta.length === 0 ? noMeta : meta.slice();
  }

  #throwIfClosed(): void {
    if (this.#closed !== undefined) throw this.#closed;
  }
}

function hasLeft(): QuorateError {
  return new QuorateError('CLOSED', 'The member has left', { outcome: 'not-applied' });
}

function isLive(member: MemberView | undefined): boolean {
  return member?.state === 'alive' || member?.state === 'suspect';
}

/** A promise that is opened once, and that nobody has to wait for. */
class Latch {
  readonly promise: Promise<void>;
  #open: () => void = () => {};
  #fail: (why: QuorateError) => void = () => {};

  constructor() {
    this.promise = new Promise<void>((resolve, reject) => {
      this.#open = resolve;
      this.#fail = reject;
    });
    this.promise.catch(() => {});
  }

  open(): void {
    this.#open();
  }

  fail(why: QuorateError): void {
    this.#fail(why);
  }
}

function checkSelf(transport: Transport, self: NodeId | string | undefined): NodeId {
  if (self !== undefined && self !== transport.self)
    throw new RangeError(`Member's id must be the transport's, "${transport.self}": received "${self}"`);
  return checkId(transport.self);
}

/** Two ids with lone surrogates could become one in UTF-8. */
function checkId(id: NodeId | string): NodeId {
  if (typeof id === 'string' && /\p{Surrogate}/u.test(id))
    throw new RangeError(`Node id must be well-formed Unicode: received ${JSON.stringify(id)}`);
  return nodeId(id);
}

function checkSeed(given: Seed | NodeId | string, peers: PeerBook | undefined): KnownSeed {
  const { id, address } = typeof given === 'string' ? { id: given, address: undefined } : given;
  if (id !== undefined) return { id: checkId(id), address };
  if (address === undefined) throw new TypeError('Seed must have an id or an address: received neither');
  if (peers?.meet === undefined)
    throw new TypeError(`Seed at "${address}" must have an id, for peers cannot be met`);
  return { id, address: checkAddress(address) };
}

function checkAddress(address: string): string {
  if (typeof address !== 'string')
    throw new TypeError(`Address must be a string: received ${typeof address}`);
  if (address.length > 255 || /\p{Surrogate}/u.test(address))
    throw new RangeError(`Address must be at most 255 characters: received ${JSON.stringify(address)}`);
  return address;
}
