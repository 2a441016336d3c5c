import { boundedWait, type Revision, type WaitOptions } from '@quorate/core';
import { handOffsPerTicket, HoldCore } from './hold-core.ts';
import type { AcquireOptions } from './lock.ts';
import { LinkedList } from './linked-list.ts';
import { locksClosed } from './lock-error.ts';
import type { OwnTask, WaitPlace } from './lock-task.ts';
import type { LockSession } from './lock-session.ts';
import { Slot } from './slot.ts';
import type { StationContext, StationKind } from './station-kind.ts';
import { Ticket, type TicketEnd } from './ticket.ts';
import type { TicketRule } from './ticket-rule.ts';
import { encodeTicket } from './ticket-value.ts';
import { upgradeReader } from './upgrade-reader.ts';
import { Waiter } from './waiter.ts';

/**
 * One process's part in one lock: those who wait here stand in line here, and stand in the store's line together, with no more
 * entries than can be of use. What is granted goes to the first of them, and on from one to the next without the store for a while
 * (lock cohorting: Dice, Marathe, Shavit, 2012), each time under a fence of its own.
 */
export class Station implements WaitPlace {
  readonly name: string;
  readonly kind: StationKind;
  readonly context: StationContext;
  readonly ttlMs: number;
  /** The readers' station of a writers', and the other way round. */
  partner: Station | undefined;
  readonly #onIdle: (station: Station) => void;
  /** What its entries hold, all the same. */
  readonly #value: Uint8Array;
  readonly #waiters = new LinkedList<Waiter>();
  readonly #slots = new Set<Slot>();
  /** What fails the upgrades under way. */
  readonly upgrades: Set<(reason: unknown) => void> = new Set();
  /** Entries that wait in the store, and are wanted. */
  #pending = 0;

  constructor(
    context: StationContext,
    name: string,
    kind: StationKind,
    ttlMs: number,
    onIdle: (station: Station) => void = () => {},
  ) {
    this.context = context;
    this.name = name;
    this.kind = kind;
    this.ttlMs = ttlMs;
    this.#onIdle = onIdle;
    this.#value = this.encode(kind.rule, kind.value);
  }

  get text(): string {
    return this.kind.text;
  }

  get need(): number {
    return this.kind.rule.need;
  }

  /** When the first of those who wait here came. */
  get firstArrival(): number {
    return this.#waiters.first?.arrival ?? Number.POSITIVE_INFINITY;
  }

  get isIdle(): boolean {
    return this.#waiters.size === 0 && this.#slots.size === 0;
  }

  *blockers(): Iterable<OwnTask> {
    if (!this.kind.isShared) yield* this.holders();
    if (this.partner !== undefined) yield* this.partner.holders();
  }

  /** Those who hold it here. */
  *holders(): Iterable<OwnTask> {
    for (const { cores } of this.#slots) for (const { task } of cores) if (task !== undefined) yield task;
  }

  /** The entry that stands in line for whoever waits here; where none does, the last that was granted here. */
  front(): { readonly key: string; readonly created: Revision; readonly isGranted: boolean } | undefined {
    let last: { readonly key: string; readonly created: Revision; readonly isGranted: boolean } | undefined;
    for (const { ticket, isGranted } of this.#slots) {
      if (ticket?.entry === undefined) continue;
      const { key, created } = ticket.entry;
      if (!isGranted) return { key, created, isGranted };
      if (last === undefined || created > last.created) last = { key, created, isGranted };
    }
    return last;
  }

  /**
   * @param claim what is made of the grant
   * @throws QuorateError, at once or by the promise
   */
  acquire<Held>(
    options: AcquireOptions,
    task: OwnTask | undefined,
    claim: (core: HoldCore) => Held,
  ): Promise<Held> {
    if (this.context.isClosed()) throw locksClosed(this.name);
    const waiter = new Waiter(this, task, claim);
    try {
      waiter.limit(this.context.tickets.clock, options);
    } catch (thrown) {
      this.#leaveIfIdle();
      throw thrown;
    }
    this.#waiters.push(waiter);
    task?.waits.add(waiter);
    this.#pump();
    // Whoever has an entry to itself may have it at once; all others wait for somebody.
    if (task !== undefined) this.context.onWait(waiter);
    return waiter.promise as Promise<Held>;
  }

  /** Takes what is free at once. */
  async tryAcquire(options: AcquireOptions, task: OwnTask | undefined): Promise<HoldCore | undefined> {
    const { tickets } = this.context;
    if (this.context.isClosed()) throw locksClosed(this.name);
    if (this.#waiters.size > 0 || this.#slots.size >= this.kind.ticketsMax) return undefined;
    const slot = this.#addSlot();
    const attempt = this.#attempt(slot, false).then(end => {
      if (end === 'granted') this.#keep(slot);
      if (end === 'lost') slot.ticket.abandon();
      if (end === 'granted' && this.#slots.has(slot)) return this.#hold(slot, task);
      this.#drop(slot);
      return undefined;
    });
    attempt.catch(() => this.#drop(slot));
    try {
      return await boundedWait(tickets.clock, options, 'not-applied', () => attempt);
    } catch (thrown) {
      // It may be had later, or was had in the very moment in which the wait was given up.
      this.context.inBackground(attempt.then(core => core?.release()).catch(() => {}));
      throw thrown;
    }
  }

  /** A waiter has come to its end without being granted. */
  onGone(waiter: Waiter): void {
    if (!this.#waiters.remove(waiter)) return;
    if (this.#pending > this.#wanted()) {
      const slots = [...this.#slots];
      for (let index = slots.length - 1; this.#pending > this.#wanted(); index--) {
        if (slots[index]!.withdraw()) this.#pending--;
      }
    }
    this.#leaveIfIdle();
  }

  /** Fails all who wait. */
  close(): void {
    const reason = locksClosed(this.name);
    this.#failAll(reason);
    for (const fail of this.upgrades) fail(reason);
  }

  /**
   * Takes a grant back from its last holder: hands it on, or deletes its entry.
   *
   * @returns whether it was held until now
   */
  takeBack(slot: Slot): Promise<boolean> {
    if (slot.ticket.session.remainingMs() === 0 || !this.#slots.has(slot)) {
      slot.ticket.abandon();
      this.#drop(slot);
      return Promise.resolve(false);
    }
    if (!this.#mayHandOn(slot)) return this.#leaveInBackground(slot);
    return this.#handOn(slot).then(isHandedOn => isHandedOn || this.#leaveInBackground(slot));
  }

  /** See `ReadLock.upgrade`. */
  upgrade(reader: HoldCore, options: WaitOptions): Promise<HoldCore | undefined> {
    return upgradeReader(reader, options);
  }

  /** A second entry of a reader has its turn. */
  adopt(writer: Slot, name: string, task: OwnTask | undefined): HoldCore {
    this.#slots.add(writer);
    this.#keep(writer);
    return this.#hold(writer, task, name);
  }

  /** What an entry of this process holds. */
  encode({ mode }: TicketRule, value?: Uint8Array): Uint8Array {
    const { client, plain } = this.context.tickets;
    return value === undefined ? plain[mode] : encodeTicket({ mode, client }, value);
  }

  /** How many entries should wait in the store for those who wait here. */
  #wanted(): number {
    return Math.min(this.#waiters.size, this.kind.pendingMax);
  }

  #pump(): void {
    while (this.#pending < this.#wanted() && this.#slots.size < this.kind.ticketsMax) {
      const slot = this.#addSlot();
      slot.isPending = true;
      this.#pending++;
      this.#stand(slot);
    }
    this.#leaveIfIdle();
  }

  /** Has an entry stand in line, and gives it to whoever is first here when it has its turn. */
  #stand(slot: Slot): void {
    const work = this.#attempt(slot, true);
    this.context.inBackground(work);
    void work.then(
      end => this.#onTurn(slot, end),
      (thrown: unknown) => {
        this.#settle(slot);
        this.#failAll(thrown);
        this.#drop(slot);
      },
    );
  }

  #onTurn(slot: Slot, attempted: TicketEnd): void {
    this.#settle(slot);
    if (attempted === 'granted') this.#keep(slot);
    // Between the turn of its entry and here its session may have been lost.
    const end = attempted === 'granted' && !this.#slots.has(slot) ? 'lost' : attempted;
    if (end === 'lost') slot.ticket.abandon();
    if (end !== 'granted') this.#drop(slot);
    else if (this.#waiters.size === 0) void this.#leaveInBackground(slot);
    else this.#grant(slot);
  }

  /** Mostly there is a session, and no delay: then it takes no promise but the ticket's. */
  #attempt(slot: Slot, mayWait: boolean): Promise<TicketEnd> {
    const { pool } = this.context;
    const session = pool.ready(this.ttlMs);
    if (session !== undefined) return this.#standOn(session, slot, mayWait);
    return pool.use(this.ttlMs).then(opened => this.#standOn(opened, slot, mayWait));
  }

  #standOn(session: LockSession, slot: Slot, mayWait: boolean): Promise<TicketEnd> {
    const { partition, rule, delay } = this.kind;
    const ticket = new Ticket(this.context.tickets, session, partition, rule, this.#value);
    slot.ticket = ticket;
    if (slot.isWithdrawn) return Promise.resolve('withdrawn');
    const end = ticket.run(mayWait);
    if (delay === undefined) return end;
    return end.then(turn => (turn === 'granted' ? delay.enter(ticket, mayWait) : turn));
  }

  /** A slot does not wait any more. */
  #settle(slot: Slot): void {
    if (slot.isPending) this.#pending--;
    slot.isPending = false;
  }

  /** From now on it is held, until it is given back or its session is lost: then the next one need not wait for its holder. */
  #keep(slot: Slot): void {
    slot.isGranted = true;
    slot.budgetSinceMs = this.context.tickets.clock.monotonicMs();
    slot.onLost = () => this.#drop(slot);
    slot.ticket.session.onLost(slot.onLost);
  }

  #grant(slot: Slot): void {
    do {
      const waiter = this.#waiters.shift() as Waiter;
      waiter.grant(this.#hold(slot, waiter.task));
      // Readers that came after a writer of this process wait for it, as for those of others.
    } while (this.kind.isShared && this.#isFirstHere());
    this.#pump();
  }

  /** Whether somebody waits here that came before all those of its partner. */
  #isFirstHere(): boolean {
    return (
      this.#waiters.size > 0 && this.firstArrival < (this.partner?.firstArrival ?? Number.POSITIVE_INFINITY)
    );
  }

  #hold(slot: Slot, task: OwnTask | undefined, name = this.name): HoldCore {
    return slot.add(new HoldCore(slot, name, slot.handOffs, task));
  }

  #mayHandOn({ handOffs }: Slot): boolean {
    const { isShared } = this.kind;
    if (isShared || this.#waiters.size === 0 || handOffs + 1 >= handOffsPerTicket) return false;
    return this.#isFirstHere();
  }

  /** False where others have waited long enough, or nobody waits here any more. */
  async #handOn(slot: Slot): Promise<boolean> {
    const { handOff, tickets } = this.context;
    const nowMs = tickets.clock.monotonicMs();
    const isSpent =
      slot.handOffs - slot.budgetFrom >= handOff.max || nowMs - slot.budgetSinceMs >= handOff.ms;
    if (isSpent) {
      if (await slot.ticket.isAwaited()) return false;
      slot.budgetFrom = slot.handOffs;
      slot.budgetSinceMs = nowMs;
    }
    if (this.#waiters.size === 0 || slot.ticket.session.remainingMs() === 0) return false;
    slot.handOffs++;
    this.#grant(slot);
    return true;
  }

  #leaveInBackground(slot: Slot): Promise<boolean> {
    const work = this.#leave(slot);
    this.context.inBackground(work);
    return work;
  }

  #leave(slot: Slot): Promise<boolean> {
    const { ticket, delay } = slot;
    const left = delay === undefined ? ticket.leave() : delay.leave(ticket).then(() => ticket.leave());
    return left.then(wasThere => {
      this.#drop(slot);
      return wasThere;
    });
  }

  #addSlot(): Slot {
    const slot = new Slot(this);
    this.#slots.add(slot);
    return slot;
  }

  #drop(slot: Slot): void {
    if (!this.#slots.delete(slot)) return;
    const session: LockSession | undefined = slot.ticket?.session;
    if (session !== undefined) {
      if (slot.onLost !== undefined) session.offLost(slot.onLost);
      this.context.pool.letGo(session);
    }
    this.#pump();
  }

  #failAll(reason: unknown): void {
    for (let waiter = this.#waiters.first; waiter !== undefined; waiter = this.#waiters.first)
      waiter.fail(reason);
  }

  #leaveIfIdle(): void {
    if (this.isIdle) this.#onIdle(this);
  }
}
