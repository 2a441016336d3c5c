import type { Entry } from '@quorate/core';
import type { EntryTable } from './entry-table.ts';
import type { HostTable } from './host-table.ts';
import type { OperationMemory } from './operation-memory.ts';
import type { SessionTable } from './session-table.ts';
import type { SessionRequest } from './store-request.ts';
import type { StoreRoot } from './store-root.ts';
import type { Topic, TopicTable } from './topic-table.ts';

/** How many entries of dead sessions one step deletes. */
const sweepMax = 200;

/** What the steps work on: the tables of one transaction. */
export interface SessionStepsOptions {
  readonly root: StoreRoot;
  readonly entries: EntryTable;
  readonly sessions: SessionTable;
  readonly topics: TopicTable;
  readonly memory: OperationMemory;
  readonly hosts: HostTable;
  /** Deletes an entry by a revision of its own. */
  readonly deleteEntry: (entry: Entry) => void;
  readonly wake: (host: string, topic: Topic) => void;
}

/** The steps that keep a store going: sessions, hosts, what they want to be woken of, and what the dead left behind. */
export class SessionSteps {
  readonly #options: SessionStepsOptions;

  constructor(options: SessionStepsOptions) {
    this.#options = options;
  }

  /** Gives whether a session lives, or whether there is more to sweep. */
  run(request: SessionRequest): boolean {
    const { root, topics, hosts, sessions } = this.#options;
    switch (request.type) {
      case 'open-session':
        // The host may have been taken for dead meanwhile: it is not.
        hosts.add(request.host);
        sessions.open(request.session, request.ttlMs, request.host);
        return true;
      case 'renew-session':
        return sessions.renew(request.session) || this.#endSession(request.session);
      case 'end-session':
        return this.#endSession(request.session);
      case 'register':
        topics.register(root, request.topic, request.host);
        return true;
      case 'unregister':
        topics.unregister(root, request.topic, request.host);
        return true;
      case 'end-host':
        this.#endHost(request.host, request.isProven);
        return false;
      case 'sweep':
        break;
    }
    return this.#sweep();
  }

  /** Ends a session, and deletes what one step may of it. Gives false, what a renewal of a dead session is answered. */
  #endSession(session: string): false {
    const { sessions, topics, wake } = this.#options;
    if (sessions.end(session)) {
      topics.ended(session, wake);
      this.#sweepSession(session, sweepMax);
    }
    return false;
  }

  #endHost(host: string, isProven: boolean): void {
    const { root, hosts, sessions, topics } = this.#options;
    const own = sessions.of(host);
    // A host without sessions loses nothing by it: if it lives, it makes itself known again.
    if (!isProven && own.some(session => sessions.isAlive(session))) return;
    if (!hosts.remove(host)) return;
    for (const session of own) this.#endSession(session);
    topics.unregisterAll(root, host);
  }

  /** Ends what has expired and deletes some of what dead sessions left. Gives whether there is more to do. */
  #sweep(): boolean {
    const { sessions } = this.#options;
    const expired = sessions.expired();
    for (const session of expired.slice(0, sweepMax)) this.#endSession(session);
    let left = sweepMax;
    for (const session of sessions.unswept(sweepMax)) {
      left -= this.#sweepSession(session, left);
      if (left <= 0) break;
    }
    return expired.length > sweepMax || sessions.unswept(1).length > 0;
  }

  /** Deletes what a dead session left, up to a limit. Gives how much. */
  #sweepSession(session: string, limit: number): number {
    const { entries, memory, sessions, deleteEntry } = this.#options;
    const keys = entries.keysOf(session, limit);
    const found = keys.map(key => entries.get(key) as Entry);
    found.sort((one, other) => one.created - other.created);
    for (const entry of found) deleteEntry(entry);
    const forgotten = memory.forget(session, limit);
    sessions.markUnswept(session, keys.length === limit || forgotten === limit);
    return Math.max(1, keys.length + forgotten);
  }
}
