import {
  type AddResult,
  type Applied,
  type BatchResult,
  type BatchWrite,
  type Clock,
  type Condition,
  type DriverCall,
  type Enqueued,
  type Entry,
  type EntryWrite,
  type Listing,
  type ListQuery,
  partitionOf,
  type Random,
  type Refused,
  type Revision,
  type SessionId,
  sessionId,
  type StoreCapabilities,
  type StoreDriver,
  type StoreEvent,
  type Timer,
  type Unknown,
  SessionObserver,
} from '@quorate/core';
import { type Columns, recordColumns, rowOfRecord } from '../record.ts';
import { entryOf, revisionOf, type Row } from '../rows.ts';
import type { FailedCall } from '../server-error.ts';
import { type Statements, statementsFor } from '../statements.ts';
import { channelOf } from './channel-of.ts';
import type { Connections } from './connections.ts';
import { Notifications } from './notifications.ts';
import { watchPartition } from './watch-partition.ts';

/** How often a client cleans up behind dead sessions, about; each so many times it does so thoroughly. */
const sweepMs = 3000;
const sweepsPerThorough = 10;

/** The most transactions of one cleaning. */
const sweepStepsMax = 100;

export interface PostgresDriverOptions {
  readonly connections: Connections;
  readonly capabilities: StoreCapabilities;
  readonly clock: Clock;
  readonly random: Random;
  readonly schema: string;
  /** Called last, when the store is closed. */
  readonly close: () => Promise<void>;
}

/** The Store's calls as statements: each changes what it changes by one of them, in one transaction. */
export class PostgresDriver implements StoreDriver {
  readonly capabilities: StoreCapabilities;
  readonly #options: PostgresDriverOptions;
  readonly #statements: Statements;
  readonly #notifications: Notifications;
  readonly #observer: SessionObserver;
  /** What names of its prepared statements begin with: short, however long the schema's name is. */
  readonly #name: string;
  #sweepTimer: Timer;
  #sweeps = 0;
  #isClosed = false;

  constructor(options: PostgresDriverOptions) {
    const { connections, clock, random, schema } = options;
    this.#options = options;
    this.capabilities = options.capabilities;
    this.#statements = statementsFor(schema);
    this.#name = channelOf(schema, 'statements');
    this.#notifications = new Notifications(connections, clock, random);
    this.#observer = new SessionObserver({
      clock,
      listen: hear => this.#notifications.add(channelOf(schema, ''), hear),
      leftMs: session => this.#sessionLeftMs(session),
    });
    this.#sweepTimer = this.#sweepLater();
  }

  async get(key: string, signal: AbortSignal | undefined): Promise<Entry | undefined> {
    const [row] = await this.#run('get', [partitionOf(key), key], {}, signal);
    return row && entryOf(row, key);
  }

  async list(query: ListQuery, signal: AbortSignal | undefined): Promise<Listing> {
    const { prefix, createdBefore, newestFirst, limit } = query;
    const before = Number.isFinite(createdBefore) ? Math.ceil(createdBefore) : null;
    const values = [partitionOf(prefix), prefix, before, limit];
    const rows = await this.#run(newestFirst ? 'listNewest' : 'listOldest', values, {}, signal);
    const revision = revisionOf(rows[0]?.['partition_revision'] ?? 0);
    const found = rows.filter(row => row['key'] !== null);
    return { entries: found.map(row => entryOf(row, row['key'] as string)), revision };
  }

  async put(
    { key, value, session }: EntryWrite,
    condition: Condition,
    { operation, signal }: DriverCall,
  ): Promise<Applied | Refused> {
    const [kind, wanted] = conditionOf(condition);
    const values = [partitionOf(key), key, bufferOf(value), kind, wanted, session ?? null];
    const call = { operation, session };
    const row = await this.#change('put', [...values, ...idOf(call)], call, signal);
    if (row['applied'] !== true) return refused(row, key);
    // What was written is what came in; the server need not send it back.
    const entry = entryOf({ ...row, value }, key);
    return { outcome: 'applied', entry, revision: revisionOf(row['revision']) };
  }

  async delete(
    key: string,
    condition: Condition,
    { operation, signal }: DriverCall,
  ): Promise<Applied | Refused> {
    const [kind, wanted] = conditionOf(condition);
    const values = [partitionOf(key), key, kind, wanted, ...idOf({ operation })];
    const row = await this.#change('delete', values, { operation }, signal);
    if (row['applied'] !== true) return refused(row, key);
    return { outcome: 'applied', entry: entryOf(row, key), revision: revisionOf(row['revision']) };
  }

  async enqueue(
    prefix: string,
    value: Uint8Array,
    session: SessionId,
    { operation, signal }: DriverCall,
  ): Promise<Enqueued> {
    const call = { operation, session };
    const values = [partitionOf(prefix), prefix, bufferOf(value), session, ...idOf(call)];
    const row = await this.#change('enqueue', values, call, signal);
    const created = row['created'];
    const self = entryOf({ value, created, modified: created, session }, row['key'] as string);
    if (row['before_key'] === null) return { self, head: self };
    return {
      self,
      head: entryOf(row, row['head_key'] as string, 'head_'),
      predecessor: entryOf(row, row['before_key'] as string, 'before_'),
    };
  }

  async add(
    key: string,
    delta: bigint,
    { operation, signal }: DriverCall,
  ): Promise<Exclude<AddResult, Unknown>> {
    const call = { operation, key, delta };
    const values = [partitionOf(key), key, `${delta}`, ...idOf(call)];
    const row = await this.#change('add', values, call, signal);
    return {
      outcome: 'applied',
      value: BigInt(row['value'] as string),
      revision: revisionOf(row['revision']),
    };
  }

  async batch(
    conditions: ReadonlyMap<string, Condition>,
    writes: readonly BatchWrite[],
    { operation, signal }: DriverCall,
  ): Promise<Exclude<BatchResult, Unknown>> {
    const checks = [...conditions].map(([key, condition]) => {
      const [kind, wanted] = conditionOf(condition);
      return { key, condition: kind, wanted };
    });
    const changes = writes.map(write =>
      write.type === 'put' ? { ...write, value: bufferOf(write.value).toString('base64') } : write,
    );
    const [first] = [...conditions.keys(), ...writes.map(({ key }) => key)] as [string];
    const values = [partitionOf(first), JSON.stringify(checks), JSON.stringify(changes)];
    const row = await this.#change('batch', [...values, ...idOf({ operation })], { operation }, signal);
    if (row['applied'] === true) return { outcome: 'applied', revision: revisionOf(row['revision']) };
    const key = row['key'] as string;
    return { key, ...refused(row, key) };
  }

  watch(prefix: string, from: Revision, signal: AbortSignal): AsyncIterable<StoreEvent> {
    const partition = partitionOf(prefix);
    return watchPartition(
      {
        clock: this.#options.clock,
        notifications: this.#notifications,
        channel: channelOf(this.#options.schema, partition),
        read: async (after, stop) => this.#run('watch', [partition, after, prefix], {}, stop),
      },
      prefix,
      from,
      signal,
    );
  }

  async openSession(ttlMs: number, signal: AbortSignal | undefined): Promise<SessionId> {
    const bytes = this.#options.random.bytes(16);
    const id = sessionId(Buffer.from(bytes).toString('base64url'));
    await this.#run('open', [id, ttlMs], {}, signal);
    return id;
  }

  async renewSession(session: SessionId): Promise<boolean> {
    const [row] = await this.#run('renew', [session], {}, undefined);
    return row?.['alive'] === true;
  }

  async endSession(session: SessionId): Promise<void> {
    while (await this.#more('end', [session]));
  }

  observe(session: SessionId, signal: AbortSignal | undefined): Promise<void> {
    return this.#observer.observe(session, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#sweepTimer.cancel();
    this.#observer.close();
    this.#notifications.close();
    this.#options.connections.close();
    await this.#options.close();
  }

  #run(
    name: keyof Statements,
    values: unknown[],
    call: FailedCall,
    signal: AbortSignal | undefined,
  ): Promise<readonly Row[]> {
    const text = this.#statements[name];
    return this.#options.connections.run(`${this.#name} ${name}`, text, values, call, signal);
  }

  /** Runs a function that changes something, and gives its record as a row. */
  async #change(
    name: keyof typeof recordColumns,
    values: unknown[],
    call: FailedCall,
    signal: AbortSignal | undefined,
  ): Promise<Row> {
    const [row] = await this.#run(name, values, call, signal);
    return rowOfRecord(row?.['record'] as string, recordColumns[name] as Columns);
  }

  /** How long a session has left to live; nothing where it is dead. */
  async #sessionLeftMs(session: SessionId): Promise<number | undefined> {
    const [row] = await this.#run('left', [session], {}, undefined);
    const leftMs = row?.['left_ms'];
    if (typeof leftMs === 'number' && leftMs > 0) return leftMs;
    // Whoever sees it dead cleans up behind it, so that nobody waits for the next round.
    if (leftMs === 0) void this.endSession(session).catch(() => {});
    return undefined;
  }

  /** A bounded number of small transactions: who changes something waits for one of them at most. */
  async #sweep(): Promise<void> {
    const isThorough = this.#sweeps++ % sweepsPerThorough === 0;
    for (const name of isThorough ? (['sweep', 'sweepThoroughly'] as const) : (['sweep'] as const)) {
      for (let step = 0; step < sweepStepsMax && !this.#isClosed; step++) {
        if (!(await this.#more(name, []))) break;
      }
    }
  }

  /** Does some of what is to be done, and says whether there is more. */
  async #more(name: 'end' | 'sweep' | 'sweepThoroughly', values: unknown[]): Promise<boolean> {
    const [row] = await this.#run(name, values, {}, undefined);
    return row?.['more'] === true;
  }

  #sweepLater(): Timer {
    const { clock, random } = this.#options;
    const timer = clock.setTimer(sweepMs * (0.5 + random.float()), () => {
      this.#sweep()
        .catch(() => {
          // The next one, or another client, finds the same.
        })
        .finally(() => {
          if (!this.#isClosed) this.#sweepTimer = this.#sweepLater();
        });
    });
    timer.unref();
    return timer;
  }
}

function conditionOf(condition: Condition): [kind: string, wanted: number | null] {
  if ('absent' in condition) return ['absent', null];
  return 'modified' in condition ? ['modified', condition.modified] : ['created', condition.created];
}

function idOf({ operation }: FailedCall): [session: string | null, sequence: number | null] {
  return operation === undefined ? [null, null] : [operation.session, operation.sequence];
}

function refused(row: Row, key: string): Refused {
  if (row['created'] === null) return { outcome: 'not-applied' };
  return { outcome: 'not-applied', current: entryOf(row, key) };
}

function bufferOf(value: Uint8Array): Buffer {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}
