import { errorCode, QuorateError, type SessionId, sleep } from '@quorate/core';
import type { Change } from '../delta.ts';
import type { AppliedChange, PartitionReplica } from '../partition-replica.ts';
import { Draft, type DraftOptions, type Resolve } from '../draft.ts';
import { encodeDelta } from '../partition-message.ts';
import { revisionsPerMessage } from '../revisions.ts';
import { unavailable } from '../unavailable.ts';
import { PartitionLog, type PartitionLogOptions } from './partition-log.ts';

/** Judges a call, and says how its result comes about. What it throws, the call throws. */
export type Judge<Result> = (draft: Draft, replica: PartitionReplica) => Resolve<Result>;

export interface PartitionOptions extends PartitionLogOptions, DraftOptions {
  /** Called when it has nothing to do. */
  readonly onRest: () => void;
  /** Says beside a message which sessions it names; settles when that is stored, and never rejects. */
  readonly mark: (sessions: ReadonlySet<SessionId>, token: string) => Promise<void> | undefined;
}

/** Who wants to know of changes under a prefix. */
export interface PartitionListener {
  readonly prefix: string;
  /** The copy has changed. */
  readonly onChange: () => void;
  /** The copy may be old. */
  readonly onDoubt: () => void;
}

interface Call {
  readonly judge: Judge<unknown>;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

type Judged = { readonly call: Call } & (
  | { readonly resolve: Resolve<unknown> }
  | { readonly thrown: unknown }
);

/** Revisions that one message gives at most; the rest is for keys of queues that are taken. */
const changesPerMessage = revisionsPerMessage - 56;

/** How long a message that somebody else was faster than waits before it is judged again, ms, and at most. */
const restMinMs = 1;
const restMaxMs = 50;

/**
 * The calls on one partition. They take turns: whatever has come while a turn was under way makes up the next one, and goes in
 * one message. A turn that changes something is right if the server takes its message, for nobody was in between; one that
 * changes nothing asks once whether its copy is the latest.
 */
export class Partition {
  readonly log: PartitionLog;
  readonly #options: PartitionOptions;
  readonly #calls: Call[] = [];
  readonly #listeners = new Set<PartitionListener>();
  #isRunning = false;
  /** Whether the copy may be written on without a look. */
  #isTrusted = false;

  constructor(options: PartitionOptions) {
    this.#options = options;
    this.log = new PartitionLog(options);
  }

  /** Whether nobody would miss it. */
  get isIdle(): boolean {
    return !this.#isRunning && this.#calls.length === 0 && this.#listeners.size === 0;
  }

  /** Carries out a call. Where the signal aborts before its turn it is not sent. */
  call<Result>(judge: Judge<Result>, signal: AbortSignal | undefined): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      this.#calls.push({ judge, signal, resolve: resolve as (result: unknown) => void, reject });
      if (!this.#isRunning) void this.#run();
    });
  }

  /** Tells a listener whenever the copy has changed, and when it may be old. */
  listen(listener: PartitionListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Takes a message that was published by anybody: whoever waits for what it would change looks whether it was stored. */
  hear(message: Uint8Array): void {
    const changes = this.log.hear(message);
    for (const { prefix, onDoubt } of this.#listeners) {
      if (changes.some(change => isUnder(change, prefix))) onDoubt();
    }
  }

  /** The copy may have been written by a server that has lost what came after. */
  distrust(): void {
    this.#isTrusted = false;
    this.doubt();
  }

  /** Has all who listen look. */
  doubt(): void {
    for (const { onDoubt } of this.#listeners) onDoubt();
  }

  /** Deletes the partition's last message, where it holds nothing, and says whether it has. */
  async forget(): Promise<boolean> {
    if (this.#isRunning || this.#calls.length > 0) return false;
    this.#isRunning = true;
    try {
      await this.log.refresh();
      return await this.log.forget();
    } finally {
      this.#isTrusted = false;
      this.#isRunning = false;
      if (this.#calls.length > 0) void this.#run();
      else this.#options.onRest();
    }
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    // Those that come in the same turn of the loop go together.
    await Promise.resolve();
    while (this.#calls.length > 0) {
      const calls = this.#calls.splice(0, changesPerMessage);
      const position = this.log.replica?.position;
      try {
        await this.#turn(calls);
      } catch (thrown) {
        for (const { reject } of calls) reject(thrown);
      }
      if (this.log.replica?.position === position) continue;
      for (const { onChange } of this.#listeners) onChange();
    }
    this.#isRunning = false;
    this.#options.onRest();
  }

  /** Settles the calls that it is given; those that one message cannot hold come back to the queue. */
  async #turn(calls: Call[]): Promise<void> {
    let isLatest = false;
    let restMs = restMinMs;
    if (!this.#isTrusted) {
      await this.#refresh();
      isLatest = true;
    }
    for (;;) {
      dropAborted(calls);
      if (calls.length === 0) return;
      const replica = this.log.replica as PartitionReplica;
      const [draft, judged] = this.#judge(replica, calls);
      this.#calls.unshift(...calls.splice(judged.length));
      if (draft.isEmpty && !isLatest) {
        await this.#refresh();
        isLatest = true;
        continue;
      }
      const applied = draft.isEmpty ? [] : await this.#publish(draft);
      if (applied !== undefined) {
        settle(judged, applied, this.log.replica as PartitionReplica);
        return;
      }
      const { clock } = this.#options.api.requests;
      await sleep(clock, this.#options.random.float() * restMs);
      restMs = Math.min(restMaxMs, 2 * restMs);
      await this.#refresh();
      isLatest = true;
    }
  }

  /** Judges as many calls as one message can hold. */
  #judge(replica: PartitionReplica, calls: readonly Call[]): [Draft, Judged[]] {
    const draft = new Draft(replica, this.#options);
    const judged: Judged[] = [];
    for (const call of calls) {
      if (draft.changes.length >= changesPerMessage / 2 || draft.bytes > this.#options.messageMaxBytes / 8) {
        break;
      }
      try {
        judged.push({ call, resolve: call.judge(draft, replica) });
      } catch (thrown) {
        judged.push({ call, thrown });
      }
    }
    return [draft, judged];
  }

  async #refresh(): Promise<void> {
    try {
      await this.log.refresh();
      this.#isTrusted = true;
    } catch (thrown) {
      this.#isTrusted = false;
      if (errorCode(thrown) !== 'UNAVAILABLE') throw thrown;
      // A question that was lost has changed nothing.
      throw unavailable((thrown as Error).message, false, thrown);
    }
  }

  async #publish(draft: Draft): Promise<readonly AppliedChange[] | undefined> {
    const { mark, token, messageMaxBytes } = this.#options;
    const bytes = encodeDelta(draft);
    if (bytes.length + 512 > messageMaxBytes) {
      const message = `Message must be at most ${messageMaxBytes} bytes: received ${bytes.length}`;
      throw new QuorateError('PARTITION_FULL', message, { outcome: 'not-applied' });
    }
    const marking = mark(draft.sessions, token);
    try {
      const applied = await this.log.publish(bytes);
      await marking;
      return applied;
    } catch (thrown) {
      this.#isTrusted = false;
      // It may be stored, and is not heard of as what others publish.
      this.doubt();
      throw thrown;
    }
  }
}

function dropAborted(calls: Call[]): void {
  const left = calls.filter(({ signal }) => !signal?.aborted);
  if (left.length === calls.length) return;
  for (const { signal, reject } of calls) {
    if (signal?.aborted) reject(unavailable('The call was given up before it was sent', false));
  }
  calls.splice(0, calls.length, ...left);
}

/** Whether a change may be of a key under a prefix: that of a queue is not whole yet. */
function isUnder(change: Change, prefix: string): boolean {
  if (change.type === 'none') return false;
  if (change.key.startsWith(prefix)) return true;
  return change.type === 'put' && change.isQueued && prefix.startsWith(change.key);
}

function settle(
  judged: readonly Judged[],
  applied: readonly AppliedChange[],
  replica: PartitionReplica,
): void {
  for (const verdict of judged) {
    if ('thrown' in verdict) {
      verdict.call.reject(verdict.thrown);
      continue;
    }
    try {
      verdict.call.resolve(verdict.resolve(applied, replica));
    } catch (thrown) {
      // One call's trouble is not the others'.
      verdict.call.reject(thrown);
    }
  }
}
