import {
  type AddResult,
  type Applied,
  type BatchResult,
  type BatchWrite,
  type Condition,
  type DriverCall,
  type Enqueued,
  type Entry,
  type EntryWrite,
  type Listing,
  type ListQuery,
  notANumber,
  type OperationId,
  partitionOf,
  queueKey,
  type Refused,
  type Revision,
  type SessionId,
  type StoreCapabilities,
  type StoreDriver,
  type StoreEvent,
  superseded,
  tooLarge,
  type Unknown,
} from '@quorate/core';
import { loneRecord, readNumber, readRecord, recordTail } from '../record.ts';
import type { RedisKeys } from '../redis-keys.ts';
import { enqueueScript, listScript } from '../scripts/queue-scripts.ts';
import type { Script } from '../scripts/script.ts';
import { addScript, batchScript, deleteScript, putScript } from '../scripts/write-scripts.ts';
import type { Reply } from './redis-client.ts';
import type { RedisSessions } from './redis-sessions.ts';
import { type RedisWatchOptions, watchRedis } from './redis-watch.ts';
import type { Words } from './script-command.ts';
import type { ScriptRunner } from './script-runner.ts';
import type { SessionObservers } from './session-observers.ts';

export interface RedisDriverOptions {
  readonly capabilities: StoreCapabilities;
  readonly keys: RedisKeys;
  readonly runner: ScriptRunner;
  readonly sessions: RedisSessions;
  readonly observers: SessionObservers;
  readonly watch: RedisWatchOptions;
  readonly close: () => Promise<void>;
}

/** The Store's calls as scripts. */
export class RedisDriver implements StoreDriver {
  readonly capabilities: StoreCapabilities;
  readonly #options: RedisDriverOptions;
  readonly #keys: RedisKeys;
  readonly #runner: ScriptRunner;
  readonly #sessions: RedisSessions;

  constructor(options: RedisDriverOptions) {
    this.#options = options;
    this.capabilities = options.capabilities;
    this.#keys = options.keys;
    this.#runner = options.runner;
    this.#sessions = options.sessions;
  }

  async get(key: string): Promise<Entry | undefined> {
    const [field, own] = await this.#runner.fields(this.#keys.partition(key), key, '\0');
    const record = field ?? (own && loneRecord(key, own));
    return record ? readRecord(key, record) : undefined;
  }

  async list({ prefix, createdBefore, newestFirst, limit }: ListQuery): Promise<Listing> {
    const before = createdBefore === Number.POSITIVE_INFINITY ? '' : createdBefore;
    const newest = newestFirst ? 1 : 0;
    const reply = await this.#runner.run(
      listScript,
      this.#keys.partition(prefix),
      prefix,
      before,
      newest,
      limit,
    );
    const [revision, ...rest] = reply as [Revision, ...Buffer[]];
    const entries: Entry[] = [];
    for (let index = 0; index + 1 < rest.length; index += 2) {
      entries.push(readRecord((rest[index] as Buffer).toString(), rest[index + 1] as Buffer));
    }
    return { entries, revision };
  }

  put(
    { key, value, session }: EntryWrite,
    condition: Condition,
    call: DriverCall,
  ): Promise<Applied | Refused> {
    const words = [conditionWord(condition), recordTail(session, value)];
    return this.#mutate(putScript, key, session, call, words, (reply): Applied | Refused => {
      if (!isArray(reply)) {
        const revision = reply as Revision;
        this.#runner.gave(revision);
        return { outcome: 'applied', entry: entryOf(key, value, revision, revision, session), revision };
      }
      const [first, second, record] = reply;
      if (typeof first === 'number') {
        const revision = first as Revision;
        const entry = entryOf(key, value, second as Revision, revision, session);
        return { outcome: 'applied', entry, revision };
      }
      if (isWord(first, 'X')) return refused(key, second);
      const entry = readRecord(String(second), record as Buffer);
      return { outcome: 'applied', entry, revision: entry.modified };
    });
  }

  delete(key: string, condition: Condition, call: DriverCall): Promise<Applied | Refused> {
    const isKnown = 'created' in condition && this.#runner.isSince(condition.created);
    const word = isKnown ? `k${condition.created}` : conditionWord(condition);
    return this.#mutate(deleteScript, key, undefined, call, [word], (reply): Applied | Refused => {
      const [first, second, result] = reply as readonly Reply[];
      if (typeof first === 'number') {
        return { outcome: 'applied', entry: readRecord(key, second as Buffer), revision: first as Revision };
      }
      if (isWord(first, 'X')) return refused(key, second);
      const [revision, start] = readNumber(result as Buffer, 0);
      const entry = readRecord(String(second), (result as Buffer).subarray(start));
      return { outcome: 'applied', entry, revision: revision as Revision };
    });
  }

  enqueue(prefix: string, value: Uint8Array, session: SessionId, call: DriverCall): Promise<Enqueued> {
    const words = [recordTail(session, value)];
    return this.#mutate(enqueueScript, prefix, session, call, words, (reply): Enqueued => {
      if (!isArray(reply)) {
        const revision = reply as Revision;
        this.#runner.gave(revision);
        const self = entryOf(queueKey(prefix, revision), value, revision, revision, session);
        return { self, head: self };
      }
      const [first, ...rest] = reply;
      if (typeof first === 'number') {
        const revision = first as Revision;
        const self = entryOf(queueKey(prefix, revision), value, revision, revision, session);
        return enqueued(self, rest as readonly Buffer[]);
      }
      const [key, record, ...neighbours] = rest as Buffer[];
      return enqueued(readRecord(String(key), record as Buffer), neighbours);
    });
  }

  add(key: string, delta: bigint, call: DriverCall): Promise<Exclude<AddResult, Unknown>> {
    return this.#mutate(addScript, key, undefined, call, [`${delta}`], reply => {
      const [first, second, result] = reply as readonly Reply[];
      if (typeof first === 'number') {
        return { outcome: 'applied', value: BigInt(String(second)), revision: first as Revision };
      }
      if (isWord(first, 'N')) throw new RangeError(notANumber(key, String(second)));
      if (isWord(first, 'L')) throw new RangeError(tooLarge(key, delta));
      const [revision, start] = readNumber(result as Buffer, 0);
      const value = BigInt((result as Buffer).toString('latin1', start));
      return { outcome: 'applied', value, revision: revision as Revision };
    });
  }

  async batch(
    conditions: ReadonlyMap<string, Condition>,
    writes: readonly BatchWrite[],
    call: DriverCall,
  ): Promise<Exclude<BatchResult, Unknown>> {
    const [anyKey] = [...conditions.keys(), ...writes.map(({ key }) => key)] as [string];
    const named = writes.map(write => (write.type === 'put' ? write.session : undefined));
    const sessions = [...new Set([call.operation?.session, ...named].filter(one => one !== undefined))];
    const words: Words = [
      conditions.size,
      ...[...conditions].flatMap(([key, condition]) => [key, conditionWord(condition)]),
      ...writes.flatMap(write =>
        write.type === 'put'
          ? ['p', write.key, recordTail(write.session, write.value)]
          : ['d', write.key, ''],
      ),
    ];
    const reply = await this.#batch(anyKey, sessions, call, words);
    if (!isArray(reply)) return { outcome: 'applied', revision: reply as Revision };
    const [kind, key, result] = reply;
    if (String(kind) === 'X') return { key: String(key), ...refused(String(key), result) };
    return { outcome: 'applied', revision: Number(String(result)) as Revision };
  }

  watch(prefix: string, from: Revision, signal: AbortSignal): AsyncIterable<StoreEvent> {
    return watchRedis(this.#options.watch, prefix, from, signal);
  }

  openSession(ttlMs: number): Promise<SessionId> {
    return this.#sessions.open(ttlMs);
  }

  renewSession(session: SessionId): Promise<boolean> {
    return this.#sessions.renew(session);
  }

  endSession(session: SessionId): Promise<void> {
    return this.#sessions.end(session);
  }

  observe(session: SessionId, signal: AbortSignal | undefined): Promise<void> {
    return this.#options.observers.observe(session, signal);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#options.close();
  }

  #batch(
    key: string,
    sessions: readonly SessionId[],
    { operation }: DriverCall,
    words: Words,
  ): Promise<Reply> {
    const field = operation === undefined ? '' : `\0o${operation.session}`;
    const number = operation === undefined ? '' : operation.sequence;
    const run = (notAfterUs: number): Promise<Reply> =>
      this.#runner.run(batchScript, this.#keys.partition(key), key, field, number, notAfterUs, ...words);
    if (sessions.length === 0) return run(0);
    return this.#sessions.entering(partitionOf(key), sessions, operation, run, isLate).then(reply => {
      checkSuperseded(operation, reply);
      return reply;
    });
  }

  /** Runs a mutation that names at most one session, once it is known where to sweep after it. */
  #mutate<Result>(
    script: Script,
    key: string,
    named: SessionId | undefined,
    { operation }: DriverCall,
    words: Words,
    resultOf: (reply: Reply) => Result,
  ): Promise<Result> {
    const hash = this.#keys.partition(key);
    const session = operation?.session ?? named;
    if (session === undefined) return this.#runner.runAs(script, hash, [key, ...words], resultOf);
    const number = operation === undefined ? '' : operation.sequence;
    const wordsUntil = (notAfterUs: number): Words => [key, ...words, `\0o${session}`, number, notAfterUs];
    const run = (notAfterUs: number): Promise<Reply> =>
      this.#runner.run(script, hash, ...wordsUntil(notAfterUs));
    const finish = (reply: Reply): Result => {
      checkSuperseded(operation, reply);
      return resultOf(reply);
    };
    const partition = partitionOf(key);
    const isOne = named === undefined || named === session;
    const sessions = isOne ? [session] : [session, named];
    const enteredUs = isOne ? this.#sessions.enteredUntilUs(session, partition) : undefined;
    if (enteredUs === undefined)
      return this.#sessions.entering(partition, sessions, operation, run, isLate).then(finish);
    return this.#runner.runAs(script, hash, wordsUntil(enteredUs), reply =>
      isLate(reply)
        ? this.#sessions.enteringAnew(partition, sessions, operation, run, isLate).then(finish)
        : finish(reply),
    );
  }
}

/** @throws QuorateError `OPERATION_SUPERSEDED` */
function checkSuperseded(operation: OperationId | undefined, reply: Reply): void {
  if (operation !== undefined && isArray(reply) && isWord(reply[0], 'S'))
    throw superseded(operation, reply[1] as number);
}

/** Whether a mutation came after a session may have died, and did nothing. */
function isLate(reply: Reply): boolean {
  return isArray(reply) && isWord(reply[0], 'D');
}

function isWord(reply: Reply | undefined, word: string): boolean {
  return Buffer.isBuffer(reply) && reply.length === 1 && reply[0] === word.charCodeAt(0);
}

function isArray<Item>(value: Item | readonly Item[]): value is readonly Item[] {
  return Array.isArray(value);
}

function conditionWord(condition: Condition): string {
  if ('absent' in condition) return 'a';
  return 'modified' in condition ? `m${condition.modified}` : `c${condition.created}`;
}

function entryOf(
  key: string,
  value: Uint8Array,
  created: Revision,
  modified: Revision,
  session: SessionId | undefined,
): Entry {
  return session === undefined
    ? { key, value, created, modified }
    : { key, value, created, modified, session };
}

function refused(key: string, record: Reply | undefined): Refused {
  if (!Buffer.isBuffer(record)) return { outcome: 'not-applied' };
  return { outcome: 'not-applied', current: readRecord(key, record) };
}

function enqueued(self: Entry, [head, headRecord, key, record]: readonly Buffer[]): Enqueued {
  if (head === undefined || headRecord === undefined) return { self, head: self };
  return {
    self,
    head: readRecord(String(head), headRecord),
    predecessor: readRecord(String(key), record as Buffer),
  };
}
