import type { Entry, Revision } from '@quorate/core';
import type { SessionPool } from './session-pool.ts';
import { queuePrefix, type TicketContext } from './ticket.ts';
import { findDeadlock, type WaitNode } from './wait-graph.ts';
import type { Waiter } from './waiter.ts';

/** What somebody who waits long writes down: what for, and what it holds meanwhile. */
interface WaitRecord {
  readonly task: string;
  readonly label: string;
  readonly wanted: string;
  readonly partition: string;
  /** The entry that stands in line for it. */
  readonly key: string;
  /** Entries created before this are before it in line. */
  readonly before: number;
  readonly need: number;
  /** The entries of what it holds: `partition/…@revision`. */
  readonly holds: readonly string[];
}

interface Seen {
  readonly record: WaitRecord;
  readonly order: number;
}

/**
 * The long waits of all managers on a store, in a partition of their own, and the circles among them.
 *
 * Who holds an entry is known from the records, who stands before whom from the queues themselves: a record that is out of date
 * finds its entry gone, and counts for nothing.
 */
export class WaitRecords {
  readonly #context: TicketContext;
  readonly #pool: SessionPool;
  readonly #ttlMs: number;
  readonly #prefix: string;
  readonly #keys = new Map<Waiter, string>();
  #count = 0;

  constructor(context: TicketContext, pool: SessionPool, ttlMs: number, partition: string) {
    this.#context = context;
    this.#pool = pool;
    this.#ttlMs = ttlMs;
    this.#prefix = `${partition}/`;
  }

  /** Writes the wait down, and gives the circle that it is part of. */
  async circleOf(waiter: Waiter): Promise<readonly WaitNode[] | undefined> {
    const own = recordOf(waiter);
    if (own === undefined) return undefined;
    let key = this.#keys.get(waiter);
    if (key === undefined) {
      key = `${this.#prefix}${this.#context.client}.${++this.#count}`;
      this.#keys.set(waiter, key);
    }
    const { entries } = await this.#context.store.list(this.#prefix, { deadlineMs: this.#ttlMs });
    const written = entries.find(entry => entry.key === key);
    const text = JSON.stringify(own);
    if (written === undefined || new TextDecoder().decode(written.value) !== text) {
      await this.#write(key, text, written);
      return undefined;
    }
    const seen = entries.flatMap(entry => readRecord(entry) ?? []);
    const nodes = await this.#nodes(seen, own);
    const start = nodes.find(({ order }) => order === written.created);
    return start && findDeadlock(nodes, start);
  }

  /** Takes the record away, and settles when it is gone, or the session is that it belongs to. */
  async remove(waiter: Waiter): Promise<void> {
    const key = this.#keys.get(waiter);
    this.#keys.delete(waiter);
    const { store, clock } = this.#context;
    const untilMs = clock.monotonicMs() + this.#ttlMs;
    if (key === undefined) return;
    while (clock.monotonicMs() < untilMs) {
      try {
        const entry = await store.get(key, { deadlineMs: this.#ttlMs });
        if (entry === undefined) return;
        await store.delete(key, { created: entry.created }, { deadlineMs: this.#ttlMs });
      } catch {
        return; // What is left goes with its session.
      }
    }
  }

  async #write(key: string, text: string, written: Entry | undefined): Promise<void> {
    const session = this.#pool.ready(this.#ttlMs) ?? (await this.#pool.use(this.#ttlMs));
    try {
      const condition = written === undefined ? { absent: true as const } : { modified: written.modified };
      const options = { session: session.id, deadlineMs: this.#ttlMs };
      await this.#context.store.put(key, new TextEncoder().encode(text), condition, options);
    } finally {
      this.#pool.letGo(session);
    }
  }

  /** The waits that can be reached from one, each with those who hold what it waits for. */
  async #nodes(seen: readonly Seen[], first: WaitRecord): Promise<readonly WaitNode[]> {
    const holders = new Map<string, Set<string>>();
    for (const { record } of seen) {
      for (const held of record.holds) holders.set(held, (holders.get(held) ?? new Set()).add(record.task));
    }
    const nodes: WaitNode[] = [];
    const tasks = new Set([first.task]);
    for (const task of tasks) {
      for (const { record, order } of seen) {
        if (record.task !== task) continue;
        const blockers = await this.#blockers(record, holders);
        if (blockers === undefined) continue;
        const { label, wanted, need } = record;
        nodes.push({ task, label, wanted, need, order, blockers });
        for (const blocker of blockers) tasks.add(blocker);
      }
    }
    return nodes;
  }

  /** Undefined where the wait is over. */
  async #blockers(
    { partition, key, before }: WaitRecord,
    holders: ReadonlyMap<string, ReadonlySet<string>>,
  ): Promise<readonly string[] | undefined> {
    const options = { createdBefore: (before + 1) as Revision, deadlineMs: this.#ttlMs };
    const { entries } = await this.#context.store.list(queuePrefix(partition), options);
    if (!entries.some(entry => entry.key === key)) return undefined;
    // Only readers share an entry, and any of them may be the one that is stuck.
    return entries.flatMap(entry =>
      entry.created < before ? [...(holders.get(heldName(entry)) ?? [])] : [],
    );
  }
}

/** Undefined as long as nothing stands in line for it. */
function recordOf({ place: station, task }: Waiter): WaitRecord | undefined {
  const front = station.front();
  if (front === undefined || task === undefined) return undefined;
  return {
    task: task.id,
    label: task.label,
    wanted: station.text,
    partition: station.kind.partition,
    key: front.key,
    // An entry that is granted to somebody here is one that it waits for.
    before: front.created + (front.isGranted ? 1 : 0),
    need: station.need,
    holds: [...task.holds].flatMap(({ entry }) => (entry ? [heldName(entry)] : [])),
  };
}

function heldName({ key, created }: Pick<Entry, 'key' | 'created'>): string {
  return `${key}@${created}`;
}

function readRecord({ value, created }: Entry): Seen | undefined {
  try {
    const record = JSON.parse(new TextDecoder().decode(value)) as WaitRecord;
    return Array.isArray(record.holds) ? { record, order: created } : undefined;
  } catch {
    return undefined; // Not of this package.
  }
}
