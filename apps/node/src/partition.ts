import { invariant } from '@quorate/core';
import type { Limits } from './limits.ts';
import { type Entry, firstVersion, type Operation, type Reply } from './operation.ts';
import { Outbox, type Page } from './outbox.ts';
import { Problem } from './problem.ts';
import { sameMembers, View, type ViewRecord } from './view.ts';

/** Where a key is served. */
export type Place =
  | { readonly kind: 'here' }
  /** Ours now, but its entry is still at `source`: pull it first. */
  | { readonly kind: 'pending'; readonly source: string }
  | { readonly kind: 'elsewhere'; readonly owner: string };

/** What {@link Partition.adopt} made of a view. */
export type Adoption = 'adopted' | 'known' | 'older';

/**
 * One node's part of the keys, and the protocol by which keys change hands while clients go on reading and writing.
 *
 * Pure: no I/O, no clock. Every method runs to its end in one turn, so that a view is adopted between two operations, never
 * within one.
 *
 * ## The protocol
 *
 * A view has an epoch, its members, and `base`: the members of the last view whose handover is finished. Ownership is
 * computed, never negotiated: `ring(members)` says who owns a key now, `ring(base)` says who has its entry.
 *
 * 1. *Cut over.* A node that adopts epoch e+1 stops at once serving the keys it no longer owns and freezes them in an
 *    outbox for each new owner. There is no moment at which it serves them and somebody else does, too.
 * 2. *Pull on miss.* The new owner answers for a moved key only after it has pulled it from the old owner. A request to
 *    pull carries the new owner's view; the old owner adopts it if it has not yet, and only then answers. So whoever serves a
 *    key knows that its predecessor has stopped: reads and writes of one key are linearizable through the change, in whatever
 *    order the nodes hear of it.
 * 3. *Stream.* Meanwhile the new owner pulls page after page of everything else. A copy that arrives for a key already
 *    pulled (and perhaps overwritten or deleted since) is dropped.
 * 4. *Settle.* When nobody has a source left, the supervisor says so; outboxes are dropped, and `base` becomes the members.
 *    Only then is the next planned change accepted. A leaving node is in `base` but not in `members`: it forwards, hands
 *    over, and is stopped once the change has settled.
 *
 * *A crash* may come at any time. The view that follows names the dead in `lost` and keeps `base`, if the change before had
 * not settled. Entries that were frozen for the dead node and never handed out go to the keys' next owner (often back to us);
 * those that were handed out are lost with it. There is no replication here.
 *
 * A node that reads in a view that it is dead (its process was given up, yet it runs) lets go of everything: it owns nothing
 * in that view, so it only forwards.
 *
 * It relies on the ring's promise that taking a node out moves that node's keys only (`unnecessary` = 0).
 */
export class Partition {
  readonly #self: string;
  readonly #limits: Limits;
  readonly #entries = new Map<string, Entry>();
  readonly #outboxes = new Map<string, Outbox>();
  /** Old owners that may still hold keys of ours, and how far their outbox has been read. */
  readonly #sources = new Map<string, { cursor: number; complete: boolean }>();
  /** Moved keys whose entry, or absence, is known here. */
  readonly #resolved = new Set<string>();
  #view: View | undefined;
  /** The epoch in which the handover began that is under way, or was the last. */
  #begunIn = 0;
  #version = 0;
  #byteCount = 0;
  #settled = false;

  constructor(self: string, limits: Limits) {
    this.#self = self;
    this.#limits = limits;
  }

  /** The current view. @throws Problem `NOT_READY` before the first one */
  get view(): View {
    if (this.#view === undefined) {
      throw new Problem(503, 'NOT_READY', 'The node has not been told who is in the cluster yet', {
        retryable: true,
      });
    }
    return this.#view;
  }

  get epoch(): number {
    return this.#view?.epoch ?? 0;
  }

  get keyCount(): number {
    return this.#entries.size;
  }

  get byteCount(): number {
    return this.#byteCount;
  }

  /** Entries frozen here that their new owner has not pulled yet. */
  get outboxCount(): number {
    let count = 0;
    for (const outbox of this.#outboxes.values()) count += outbox.remaining;
    return count;
  }

  /** The old owners that have not handed over everything yet. */
  get openSources(): string[] {
    return [...this.#sources].filter(([, source]) => !source.complete).map(([id]) => id);
  }

  /** Where the next page of a source starts, or `undefined` when there is nothing to pull from it. */
  cursorOf(source: string): number | undefined {
    const state = this.#sources.get(source);
    return state === undefined || state.complete ? undefined : state.cursor;
  }

  /**
   * Takes a view over, if it is the next one.
   *
   * @throws Problem `VIEW_GAP` when one in between is missing, `CHANGE_RUNNING` when it plans a change before the last settled
   */
  adopt(record: ViewRecord): Adoption {
    const current = this.#view;
    if (current === undefined) {
      this.#begin(new View(record));
      return 'adopted';
    }
    if (record.epoch <= current.epoch) return record.epoch === current.epoch ? 'known' : 'older';
    if (record.epoch > current.epoch + 1) {
      throw new Problem(409, 'VIEW_GAP', `View ${record.epoch} cannot follow view ${current.epoch}`, {
        retryable: true,
      });
    }
    if (this.#continues(current, record)) this.#goOn(new View(record), current);
    else {
      if (this.openSources.length > 0) {
        throw new Problem(409, 'CHANGE_RUNNING', `The handover of view ${current.epoch} is not finished`, {
          retryable: true,
        });
      }
      this.#begin(new View(record));
    }
    return 'adopted';
  }

  /** The handover of `epoch` is over everywhere: what was kept for it is let go. @throws Problem `NOT_SETTLED` */
  settle(epoch: number): void {
    if (epoch !== this.epoch) {
      throw new Problem(
        409,
        'NOT_SETTLED',
        `View ${epoch} cannot settle: the node is in view ${this.epoch}`,
        {
          retryable: true,
        },
      );
    }
    if (this.openSources.length > 0) {
      throw new Problem(409, 'NOT_SETTLED', `View ${epoch} has not settled: keys are still to come`, {
        retryable: true,
      });
    }
    this.#clearHandover();
    this.#settled = true;
  }

  get settled(): boolean {
    return this.#settled;
  }

  placeOf(key: string): Place {
    const view = this.view;
    const owner = view.owner(key);
    if (owner !== this.#self) return { kind: 'elsewhere', owner };
    if (this.#sources.size === 0 || this.#resolved.has(key)) return { kind: 'here' };
    const source = view.baseOwner(key);
    return this.cursorOf(source) === undefined ? { kind: 'here' } : { kind: 'pending', source };
  }

  /** Does the operation. The key must be {@link placeOf | here}. @throws Problem `STORE_FULL` */
  apply(operation: Operation): Reply {
    const { key } = operation;
    const before = this.#entries.get(key);
    if (operation.kind === 'get') {
      return before === undefined ? { kind: 'absent' } : { kind: 'found', ...before };
    }
    if (operation.kind === 'put') {
      const { value } = operation;
      const growth = value.length - (before === undefined ? -Buffer.byteLength(key) : before.value.length);
      if (this.#byteCount + growth > this.#limits.storeBytesMax) throw storeFull(this.#limits.storeBytesMax);
      this.#version++;
      this.#set(key, { value, version: this.#version });
      return { kind: 'stored', version: this.#version, created: before === undefined };
    }
    this.#version++;
    if (before !== undefined) this.#remove(key, before);
    return { kind: 'deleted', version: this.#version, existed: before !== undefined };
  }

  /** A page of what is frozen here for `to`. */
  handOver(to: string, cursor: number, keysMax: number, bytesMax: number): Page {
    const outbox = this.#outboxes.get(to);
    return outbox?.page(cursor, keysMax, bytesMax) ?? { entries: [], next: cursor, complete: true };
  }

  /** Single keys of what is frozen here for `to`. */
  handOverKeys(to: string, keys: readonly string[]): Page['entries'] {
    return this.#outboxes.get(to)?.pick(keys) ?? [];
  }

  /**
   * Takes in a page that was pulled in `epoch`.
   *
   * Ignored when the source has been lost meanwhile, for its keys may have been answered as lost already, and when it was
   * pulled for a handover that is over, for its entries may have been overwritten since. What was said in an older epoch
   * about having no more does not hold any longer, for a crash can add to an outbox.
   */
  takeIn(source: string, epoch: number, page: Page): void {
    const state = this.#sources.get(source);
    if (state === undefined || epoch < this.#begunIn) return;
    for (const [key, entry] of page.entries) this.#receive(key, entry);
    state.cursor = Math.max(state.cursor, page.next);
    if (epoch === this.epoch) state.complete = page.complete;
  }

  /** Takes in single keys that were pulled in `epoch`; those without an entry have none anywhere. Ignored as a page is. */
  takeInKeys(source: string, epoch: number, keys: readonly string[], entries: Page['entries']): void {
    if (!this.#sources.has(source) || epoch < this.#begunIn) return;
    for (const [key, entry] of entries) this.#receive(key, entry);
    if (epoch === this.epoch) for (const key of keys) this.#resolved.add(key);
  }

  #receive(key: string, entry: Entry): void {
    if (this.#resolved.has(key)) return;
    this.#resolved.add(key);
    if (!this.#entries.has(key)) this.#set(key, entry);
  }

  /** Whether `record` goes on with the handover that is under way: a crash in the middle of it. */
  #continues(current: View, record: ViewRecord): boolean {
    return !this.#settled && sameMembers(record.base, current.record.base) && record.lost.length > 0;
  }

  /** Starts the handover from a settled base. */
  #begin(view: View): void {
    this.#clearHandover();
    this.#enter(view);
    this.#begunIn = view.epoch;
    for (const [key, entry] of this.#entries) {
      const owner = view.owner(key);
      if (owner === this.#self) continue;
      this.#entries.delete(key);
      this.#outboxOf(owner).add(key, entry);
    }
    for (const source of view.sourcesOf(this.#self))
      this.#sources.set(source, { cursor: 0, complete: false });
  }

  /** Goes on with the handover from the same base, without the nodes that died. */
  #goOn(view: View, before: View): void {
    this.#enter(view);
    for (const id of before.record.members.map(member => member.id).filter(id => view.isLost(id))) {
      const outbox = this.#outboxes.get(id);
      this.#outboxes.delete(id);
      if (outbox === undefined) continue;
      for (const [key, entry] of outbox.unhanded()) {
        const owner = view.owner(key);
        if (owner === this.#self) this.#entries.set(key, entry);
        else this.#outboxOf(owner).add(key, entry);
      }
    }
    this.#recount();
    for (const key of this.#entries.keys()) {
      invariant(
        view.owner(key) === this.#self,
        `Key ${key} moved between living nodes in view ${view.epoch}`,
      );
    }
    // A source that was read to its end may have got more for us: entries that were meant for the dead.
    const sources = new Set(view.sourcesOf(this.#self));
    for (const id of this.#sources.keys()) if (!sources.has(id)) this.#sources.delete(id);
    for (const id of sources) {
      this.#sources.set(id, { cursor: this.#sources.get(id)?.cursor ?? 0, complete: false });
    }
  }

  #enter(view: View): void {
    this.#view = view;
    this.#settled = false;
    this.#version = Math.max(this.#version, firstVersion(view.epoch));
    if (!view.isLost(this.#self)) return;
    // Others own these keys already and have been told that our copies are gone: they must not come back.
    this.#entries.clear();
    this.#outboxes.clear();
  }

  #clearHandover(): void {
    this.#outboxes.clear();
    this.#sources.clear();
    this.#resolved.clear();
    this.#recount();
  }

  #outboxOf(id: string): Outbox {
    let outbox = this.#outboxes.get(id);
    if (outbox === undefined) {
      outbox = new Outbox();
      this.#outboxes.set(id, outbox);
    }
    return outbox;
  }

  #set(key: string, entry: Entry): void {
    const before = this.#entries.get(key);
    if (before !== undefined) this.#remove(key, before);
    this.#entries.set(key, entry);
    this.#byteCount += Buffer.byteLength(key) + entry.value.length;
  }

  #remove(key: string, entry: Entry): void {
    this.#entries.delete(key);
    this.#byteCount -= Buffer.byteLength(key) + entry.value.length;
  }

  #recount(): void {
    this.#byteCount = 0;
    for (const [key, entry] of this.#entries) this.#byteCount += Buffer.byteLength(key) + entry.value.length;
    for (const outbox of this.#outboxes.values()) {
      for (const [key, entry] of outbox.values())
        this.#byteCount += Buffer.byteLength(key) + entry.value.length;
    }
  }
}

function storeFull(bytesMax: number): Problem {
  return new Problem(507, 'STORE_FULL', `The node may hold at most ${bytesMax} bytes of keys and values`);
}
