import {
  type AddResult,
  type Applied,
  type BatchResult,
  type BatchWrite,
  type Condition,
  type Enqueued,
  type Entry,
  type EntryWrite,
  notANumber,
  type OperationId,
  QuorateError,
  type Refused,
  type Revision,
  type SessionId,
  sessionLost,
  superseded,
  tooLarge,
  type Unknown,
} from '@quorate/core';
import type { Change, OperationKind, OperationRecord } from './delta.ts';
import { type AppliedChange, entryBytes, type PartitionReplica } from './partition-replica.ts';
import type { Remembered } from './snapshot.ts';

/** Gives a call its result once the message is applied: what each change did, and the partition as it is after the message. */
export type Resolve<Result> = (applied: readonly AppliedChange[], replica: PartitionReplica) => Result;

/** An entry that stands there once the draft is applied; of one that the draft itself makes, by which change. */
interface Drafted {
  readonly entry: Entry | undefined;
  readonly change: number;
}

export interface DraftOptions {
  /** How large the partition may become by what is written. */
  readonly partitionMaxBytes: number;
  /** Whether a session is known to be dead beyond what the partition knows. */
  readonly isDead: (session: SessionId) => boolean;
}

/** A change has no revision before its message is stored; until then none that anybody could name. */
const tentative = Number.MAX_SAFE_INTEGER as Revision;

const int64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n } as const;

/**
 * What a message is to do, judged call by call on the partition as it is known, each on what those before it will have done. Nothing
 * is applied: if somebody else's message comes between, the draft is thrown away and the calls are judged anew.
 */
export class Draft {
  readonly changes: Change[] = [];
  readonly operations: OperationRecord[] = [];
  readonly ended: SessionId[] = [];
  /** Sessions that it names. */
  readonly sessions: Set<SessionId> = new Set();
  /** Of what it writes. */
  bytes = 0;
  readonly #replica: PartitionReplica;
  readonly #limitBytes: number;
  readonly #isDead: (session: SessionId) => boolean;
  readonly #drafted = new Map<string, Drafted>();
  readonly #remembered = new Map<SessionId, OperationRecord & { readonly resolve: Resolve<unknown> }>();
  /** By how much it makes the partition larger, at most. */
  #growth = 0;

  constructor(replica: PartitionReplica, { partitionMaxBytes, isDead }: DraftOptions) {
    this.#replica = replica;
    this.#limitBytes = partitionMaxBytes;
    this.#isDead = isDead;
  }

  get isEmpty(): boolean {
    return this.changes.length === 0 && this.operations.length === 0 && this.ended.length === 0;
  }

  /** @throws QuorateError `SESSION_LOST`, `OPERATION_SUPERSEDED`, `PARTITION_FULL`, as all that change something */
  put(write: EntryWrite, condition: Condition, operation?: OperationId): Resolve<Applied | Refused> {
    return this.#once<Applied | Refused>('put', operation, () => {
      this.#checkAlive(write.session);
      const current = this.#at(write.key);
      if (!holds(condition, current?.entry)) return { refused: refusalOf(current) };
      this.#checkRoom([write], operation);
      const index = this.#put(write);
      return { applied: applied => appliedAt(applied, index, 'after') };
    });
  }

  delete(key: string, condition: Condition, operation?: OperationId): Resolve<Applied | Refused> {
    return this.#once<Applied | Refused>('delete', operation, () => {
      const current = this.#at(key);
      if (current?.entry === undefined || !holds(condition, current.entry))
        return { refused: refusalOf(current) };
      const index = this.#delete(key);
      return { applied: applied => appliedAt(applied, index, 'before') };
    });
  }

  enqueue(prefix: string, value: Uint8Array, session: SessionId, operation?: OperationId): Resolve<Enqueued> {
    const resolveSelf = this.#once<Applied>('enqueue', operation, () => {
      this.#checkAlive(session);
      const write = { type: 'put', key: prefix, value, session } as const;
      this.#checkRoom([write], operation);
      const index = this.#put(write, { isQueued: true });
      return { applied: applied => appliedAt(applied, index, 'after') };
    });
    return (applied, replica) => {
      const self = resolveSelf(applied, replica).entry;
      const before = replica.before(prefix, self.created);
      return before === undefined ? { self, head: self } : { self, ...before };
    };
  }

  /** @throws RangeError where the value is no integer in decimal digits, or the sum would not fit 64 bits */
  add(key: string, delta: bigint, operation?: OperationId): Resolve<Exclude<AddResult, Unknown>> {
    const resolve = this.#once<Applied>('add', operation, () => {
      const current = this.#at(key)?.entry;
      const value = new TextEncoder().encode(`${sum(key, current, delta)}`);
      const session = current?.session;
      const write = { type: 'put' as const, key, value, ...(session === undefined ? {} : { session }) };
      this.#checkRoom([write], operation);
      const index = this.#put(write);
      return { applied: applied => appliedAt(applied, index, 'after') };
    });
    return (applied, replica) => {
      const { entry, revision } = resolve(applied, replica);
      return { outcome: 'applied', value: BigInt(new TextDecoder().decode(entry.value)), revision };
    };
  }

  batch(
    conditions: ReadonlyMap<string, Condition>,
    writes: readonly BatchWrite[],
    operation?: OperationId,
  ): Resolve<Exclude<BatchResult, Unknown>> {
    return this.#once<Exclude<BatchResult, Unknown>>('batch', operation, () => {
      for (const write of writes) if (write.type === 'put') this.#checkAlive(write.session);
      for (const [key, condition] of conditions) {
        const current = this.#at(key);
        if (holds(condition, current?.entry)) continue;
        const refusal = refusalOf(current);
        return { refused: applied => ({ key, ...refusal(applied) }) };
      }
      this.#checkRoom(writes, operation);
      const first = this.changes.length;
      for (const write of writes) {
        const isJoined = this.changes.length > first;
        if (write.type === 'put') this.#put(write, { isJoined });
        else if (this.#at(write.key)?.entry !== undefined) this.#delete(write.key, isJoined);
      }
      if (writes.length > 0 && this.changes.length === first) this.changes.push({ type: 'none' });
      const index = writes.length === 0 ? first - 1 : first;
      const { revision } = this.#replica;
      return {
        applied: applied => ({ outcome: 'applied', revision: applied[index]?.revision ?? revision }),
      };
    });
  }

  /** Deletes up to so many of a dead session's entries, and forgets it with the last: true where it is forgotten. */
  end(session: SessionId, deletesMax: number): Resolve<boolean> {
    const keys = new Set(this.#replica.keysOf(session));
    for (const [key, { entry }] of this.#drafted) {
      if (entry?.session === session) keys.add(key);
      else keys.delete(key);
    }
    // Entries that this draft puts in a queue have no key yet: they are found the next time.
    const isQueued = this.changes.some(
      change => change.type === 'put' && change.isQueued && change.session === session,
    );
    let left = deletesMax;
    for (const key of keys) if (left-- > 0) this.#delete(key);
    if (isQueued || left < 0) return () => false;
    const isKnown =
      keys.size > 0 ||
      this.#replica.rememberedOf(session) !== undefined ||
      this.operations.some(operation => operation.session === session);
    if (isKnown || !this.#replica.isEnded(session)) this.ended.push(session);
    return () => true;
  }

  /** Carries an operation out, once: whoever repeats it gets the first result again. */
  #once<Result>(
    kind: OperationKind,
    operation: OperationId | undefined,
    run: () => { readonly applied: Resolve<Result> } | { readonly refused: Resolve<Result> },
  ): Resolve<Result> {
    if (operation !== undefined) {
      const { session, sequence } = operation;
      if (this.#isEnded(session)) throw sessionLost(session, 'unknown');
      const drafted = this.#remembered.get(session);
      const last = drafted ?? this.#replica.rememberedOf(session);
      if (last?.sequence === sequence) {
        if (last.kind !== kind) {
          throw new TypeError(
            `Operation ${sequence} of session ${session} must be repeated as what it was, ${last.kind}: received ${kind}`,
          );
        }
        if (drafted !== undefined) return drafted.resolve as Resolve<Result>;
        return () => resultOf(last as Remembered) as Result;
      }
      if (last !== undefined && sequence < last.sequence) throw superseded(operation, last.sequence);
    }
    const verdict = run();
    if ('refused' in verdict) return verdict.refused;
    if (operation !== undefined) {
      const record = { ...operation, kind, at: this.changes.length };
      this.operations.push(record);
      this.#remembered.set(operation.session, { ...record, resolve: verdict.applied });
      this.sessions.add(operation.session);
      this.bytes += 48;
    }
    return verdict.applied;
  }

  #at(key: string): Drafted | undefined {
    const drafted = this.#drafted.get(key);
    if (drafted !== undefined) return drafted;
    const entry = this.#replica.get(key);
    return entry === undefined ? undefined : { entry, change: -1 };
  }

  #put({ key, value, session }: EntryWrite, { isQueued = false, isJoined = false } = {}): number {
    if (!isQueued) {
      const created = this.#at(key)?.entry?.created ?? tentative;
      const entry = {
        key,
        value,
        created,
        modified: tentative,
        ...(session === undefined ? {} : { session }),
      };
      this.#drafted.set(key, { entry, change: this.changes.length });
    }
    if (session !== undefined) this.sessions.add(session);
    this.bytes += value.length + Buffer.byteLength(key) + 32;
    return this.changes.push({ type: 'put', key, value, session, isQueued, isJoined }) - 1;
  }

  #delete(key: string, isJoined = false): number {
    this.#drafted.set(key, { entry: undefined, change: this.changes.length });
    this.bytes += Buffer.byteLength(key) + 4;
    return this.changes.push({ type: 'delete', key, isJoined }) - 1;
  }

  #isEnded(session: SessionId): boolean {
    return this.#replica.isEnded(session) || this.ended.includes(session) || this.#isDead(session);
  }

  #checkAlive(session: SessionId | undefined): void {
    if (session !== undefined && this.#isEnded(session)) throw sessionLost(session, 'not-applied');
  }

  /** A partition is one message at times, so it may not become larger than one. */
  #checkRoom(writes: readonly BatchWrite[], operation: OperationId | undefined): void {
    let growth = operation === undefined ? 0 : 48;
    for (const write of writes) {
      const current = this.#at(write.key)?.entry;
      if (current !== undefined) growth -= entryBytes(current);
      if (write.type === 'delete') continue;
      const bytes = entryBytes({ ...write, created: tentative, modified: tentative }) + 16;
      growth += operation === undefined ? bytes : 2 * bytes;
    }
    const bytes = this.#replica.bytes + this.#growth + growth;
    if (growth > 0 && bytes > this.#limitBytes) {
      throw new QuorateError(
        'PARTITION_FULL',
        `Partition must be at most ${this.#limitBytes} bytes with all that it remembers: the call would make it ${bytes}`,
        { outcome: 'not-applied' },
      );
    }
    this.#growth += growth;
  }
}

function appliedAt(applied: readonly AppliedChange[], index: number, which: 'before' | 'after'): Applied {
  const change = applied[index] as AppliedChange;
  return { outcome: 'applied', entry: change[which] as Entry, revision: change.revision };
}

/** What a remembered operation gave. */
function resultOf({ kind, entry, revision }: Remembered): unknown {
  return kind === 'batch' ? { outcome: 'applied', revision } : { outcome: 'applied', entry, revision };
}

function refusalOf(current: Drafted | undefined): (applied: readonly AppliedChange[]) => Refused {
  return applied => {
    const entry =
      current === undefined || current.change < 0 ? current?.entry : applied[current.change]?.after;
    return entry === undefined ? { outcome: 'not-applied' } : { outcome: 'not-applied', current: entry };
  };
}

/** The number that an `add` leaves. @throws RangeError */
function sum(key: string, current: Entry | undefined, delta: bigint): bigint {
  const text = current === undefined ? '0' : new TextDecoder().decode(current.value);
  if (!/^-?\d{1,19}$/.test(text)) throw new RangeError(notANumber(key, text));
  const value = BigInt(text) + delta;
  if (value < int64.min || value > int64.max) throw new RangeError(tooLarge(key, delta));
  return value;
}

function holds(condition: Condition, current: Entry | undefined): boolean {
  if ('absent' in condition) return current === undefined;
  if ('modified' in condition) return current?.modified === condition.modified;
  return current?.created === condition.created;
}
