import {
  type LeaseAnswer,
  type LeaseHandle,
  type LeaseQuery,
  type PutCall,
  type PutResult,
  type QueueCapabilities,
  type QueueDriver,
  type QueueInspectorDriver,
  type QueuePut,
  type QueueStateDriver,
  QuorateError,
  type Settlement,
  type SettleResult,
} from '@quorate/core';
import { BlobWriter } from '../queue/blob-writer.ts';
import { KnownSequences } from '../queue/known-sequences.ts';
import { idOf } from '../queue/message-name.ts';
import { queueBase } from '../queue/queue-base.ts';
import { readLeased } from '../queue/read-message.ts';
import { orderByQueue, writePutRuns } from '../queue/named-run.ts';
import { bytesOf, writeRuns } from '../queue/write-puts.ts';
import { runOf, writeLease, writeSettlement } from '../queue/write-settlements.ts';
import type { RedisKeys } from '../redis-keys.ts';
import { leaseScript } from '../scripts/queue-lease-script.ts';
import { putScript } from '../scripts/queue-put-script.ts';
import { abandonScript, extendScript, settleScript } from '../scripts/queue-settle-script.ts';
import { timeScript } from '../scripts/queue-state-scripts.ts';
import { QueueBatches } from './queue-batches.ts';
import { QueueInspection } from './queue-inspection.ts';
import { inGroups } from './queue-groups.ts';
import { QueueStates } from './queue-states.ts';
import type { QueueWatches } from './queue-watches.ts';
import type { Reply } from './redis-client.ts';
import type { ScriptRunner } from './script-runner.ts';

export interface RedisQueueDriverOptions {
  readonly capabilities: QueueCapabilities;
  readonly keys: RedisKeys;
  readonly runner: ScriptRunner;
  readonly watches: QueueWatches;
  readonly close: () => Promise<void>;
}

/** What is sent in one step; more is refused rather than divided, for a put is one step. */
const putMaxBytes: number = 64 * 1024 * 1024;

/** How many leases one script ends or extends. */
const leasesMax = 250;

/** The QueueStore's calls as scripts, of which callers at the same time share one. */
export class RedisQueueDriver implements QueueDriver {
  readonly capabilities: QueueCapabilities;
  readonly state: QueueStateDriver;
  readonly inspect: QueueInspectorDriver;
  readonly #options: RedisQueueDriverOptions;
  readonly #known = new KnownSequences();
  #isClosed = false;
  readonly #puts: QueueBatches<QueuePut, PutResult>;
  readonly #settlements: QueueBatches<Settlement, SettleResult>;

  constructor(options: RedisQueueDriverOptions) {
    const { capabilities, keys, runner, watches } = options;
    this.capabilities = capabilities;
    this.#options = options;
    this.state = new QueueStates({ keys, runner, watches });
    this.inspect = new QueueInspection(runner, keys);
    this.#puts = new QueueBatches({ send: (base, puts) => this.#put(base, puts), bytesOf });
    this.#settlements = new QueueBatches({
      send: (base, settlements) => this.#settle(base, settlements),
      bytesOf: settlementBytes,
    });
  }

  now(): Promise<number> {
    const { runner, keys } = this.#options;
    return runner.runAs(timeScript, keys.named('/time'), [], reply => Math.floor((reply as number) / 1000));
  }

  async put(puts: readonly QueuePut[], { signal }: PutCall): Promise<readonly PutResult[]> {
    const bytes = puts.reduce((sum, put) => sum + bytesOf(put), 0);
    if (bytes > putMaxBytes)
      throw new RangeError(
        `Messages of a put must be at most ${putMaxBytes} bytes in all: received ${bytes}`,
      );
    return inGroups(
      puts,
      ({ queue }) => queue,
      Number.POSITIVE_INFINITY,
      some => this.#puts.call(this.#base((some[0] as QueuePut).queue), some, signal),
    );
  }

  async lease(queue: string, query: LeaseQuery): Promise<LeaseAnswer> {
    if (query.lanes?.length === 0) return { messages: [] };
    try {
      // One script puts back and passes over so many at most. Where more than that is in the way it says that something is ready.
      for (;;) {
        const answer = await this.#lease(queue, query);
        if (answer.nextInMs !== 0) return answer;
      }
    } catch (thrown) {
      // Whatever became of one that was under way when the store was closed comes back when its lease ends.
      if (!this.#isClosed) throw thrown;
      throw new QuorateError('CLOSED', 'The queue store was closed', {
        outcome: 'not-applied',
        cause: thrown,
      });
    }
  }

  async extend(
    leases: readonly LeaseHandle[],
    leaseMs: number,
    started: boolean,
  ): Promise<readonly SettleResult[]> {
    return inGroups(
      leases,
      ({ queue }) => queue,
      leasesMax,
      some => this.#extend(some, leaseMs, started),
    );
  }

  async settle(
    settlements: readonly Settlement[],
    signal: AbortSignal | undefined,
  ): Promise<readonly SettleResult[]> {
    return inGroups(
      settlements,
      ({ lease }) => lease.queue,
      leasesMax,
      some => this.#settlements.call(this.#base((some[0] as Settlement).lease.queue), some, signal),
    );
  }

  abandon(queue: string, owner: string): Promise<number> {
    return this.#options.runner.runAs(
      abandonScript,
      this.#base(queue),
      [queue, owner],
      reply => reply as number,
    );
  }

  watch(queue: string, onReady: () => void): Disposable {
    return this.#options.watches.watchQueue(queue, onReady);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    return this.#options.close();
  }

  #lease(queue: string, query: LeaseQuery): Promise<LeaseAnswer> {
    const { messagesMax, leaseMs, lanes, owner, startedMax } = query;
    const asked = lanes === undefined ? '' : String.fromCharCode(...lanes);
    const isWatched = this.#options.watches.wishes(queue) ? '1' : '0';
    const words = [queue, messagesMax, leaseMs, asked, owner, isWatched, startedMax];
    return this.#options.runner.runAs(leaseScript, this.#base(queue), words, reply => {
      if (typeof reply !== 'number')
        return { messages: readLeased(queue, reply as readonly Buffer[], startedMax, this.#known) };
      const nextInMs = reply;
      return nextInMs < 0 ? { messages: [] } : { messages: [], nextInMs };
    });
  }

  #put(base: string, puts: readonly QueuePut[]): Promise<readonly PutResult[]> {
    const writer = new BlobWriter();
    const order = orderByQueue(puts);
    writePutRuns(writer, order?.map(index => puts[index] as QueuePut) ?? puts);
    return this.#options.runner.runAs(putScript, base, [writer.end()], reply => {
      const sequences = reply as Buffer;
      const results: PutResult[] = [];
      for (let place = 0; place < puts.length; place++) {
        const index = order?.[place] ?? place;
        const { message } = puts[index] as QueuePut;
        const sequence = sequences.readDoubleBE(8 * place);
        results[index] = { outcome: 'applied', id: message.id ?? idOf(sequence), duplicate: sequence === 0 };
      }
      return results;
    });
  }

  #settle(base: string, settlements: readonly Settlement[]): Promise<readonly SettleResult[]> {
    const writer = new BlobWriter();
    const named = settlements.map(settlement => ({
      settlement,
      sequence: this.#known.take(settlement.lease),
    }));
    writeRuns(writer, named, runOf, item => writeSettlement(writer, item));
    return this.#options.runner.runAs(settleScript, base, [writer.end()], readResults);
  }

  #extend(
    leases: readonly LeaseHandle[],
    leaseMs: number,
    started: boolean,
  ): Promise<readonly SettleResult[]> {
    const writer = new BlobWriter();
    writeRuns(
      writer,
      leases,
      ({ queue }) => queue,
      lease => writeLease(writer, 0, lease, this.#known.of(lease)),
    );
    const words = [writer.end(), leaseMs, started ? 1 : 0];
    const base = this.#base((leases[0] as LeaseHandle).queue);
    return this.#options.runner.runAs(extendScript, base, words, readResults);
  }

  #base(queue: string): string {
    return queueBase(this.#options.keys, queue);
  }
}

const applied: SettleResult = { outcome: 'applied' };
const lost: SettleResult = { outcome: 'not-applied', reason: 'lost' };
const conflict: SettleResult = { outcome: 'not-applied', reason: 'conflict' };

/** A letter for each. */
function readResults(reply: Reply): readonly SettleResult[] {
  return Array.from(reply as Buffer, letter => {
    if (letter === 0x61) return applied;
    return letter === 0x6c ? lost : conflict;
  });
}

function settlementBytes({ puts = [], state = [] }: Settlement): number {
  let bytes = 64;
  for (const put of puts) bytes += bytesOf(put);
  for (const { value } of state) bytes += value?.length ?? 0;
  return bytes;
}
