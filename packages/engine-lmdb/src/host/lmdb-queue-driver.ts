import {
  errorCode,
  type InspectedMessage,
  type LeaseAnswer,
  type LeaseHandle,
  type LeaseQuery,
  type MessageId,
  type MessagesQuery,
  type Page,
  type PageQuery,
  type PutCall,
  type PutResult,
  QuorateError,
  type QueueCapabilities,
  type QueueDepth,
  type QueueDriver,
  type QueueInspectorDriver,
  type QueuePut,
  type QueueStateDriver,
  type RemoveResult,
  type Settlement,
  type SettleResult,
} from '@quorate/core';
import type { Purged, QueueStep } from '../queue/queue-request.ts';
import { CellDamage, recordCorrupt } from '../queue/queue-record.ts';
import { type Look, pageOfLooks, QueueView } from '../queue/queue-view.ts';
import { FairTurn } from './fair-turn.ts';
import { machineTime } from './machine-time.ts';
import type { HostLease } from './shared-host.ts';
import type { StoreHost } from './store-host.ts';

export interface LmdbQueueDriverOptions {
  readonly capabilities: QueueCapabilities;
  /** What all messages and records may take together. */
  readonly maxBytes: number;
}

type Signal = AbortSignal | undefined;

/** One client of the queues of a database, in a host that several may share. */
export class LmdbQueueDriver implements QueueDriver {
  readonly capabilities: QueueCapabilities;
  readonly state: QueueStateDriver;
  readonly inspect: QueueInspectorDriver;
  readonly #host: StoreHost;
  readonly #lease: HostLease;
  readonly #maxBytes: number;
  readonly #time = machineTime();
  readonly #fair = new FairTurn();

  constructor(lease: HostLease, { capabilities, maxBytes }: LmdbQueueDriverOptions) {
    this.capabilities = capabilities;
    this.#lease = lease;
    this.#host = lease.host;
    this.#maxBytes = maxBytes;
    this.state = this.#stateDriver();
    this.inspect = this.#inspectorDriver();
  }

  async now(signal: Signal): Promise<number> {
    await this.#catchUp(signal);
    return this.#look(view => view.moment.nowMs);
  }

  put(puts: readonly QueuePut[], { signal }: PutCall): Promise<readonly PutResult[]> {
    return this.#ask({ do: 'put', puts }, signal);
  }

  async lease(queue: string, query: LeaseQuery, signal: Signal): Promise<LeaseAnswer> {
    this.#host.queues.observe();
    await this.#fair.turn();
    const nothing = this.#look(view => view.nothingReady(queue, query.lanes));
    if (nothing !== undefined) return nothing;
    return this.#ask({ do: 'lease', queue, query, host: this.#host.id }, signal);
  }

  extend(
    leases: readonly LeaseHandle[],
    leaseMs: number,
    started: boolean,
    signal: Signal,
  ): Promise<readonly SettleResult[]> {
    return this.#ask({ do: 'extend', leases, leaseMs, started, host: this.#host.id }, signal);
  }

  settle(settlements: readonly Settlement[], signal: Signal): Promise<readonly SettleResult[]> {
    return this.#ask({ do: 'settle', settlements }, signal);
  }

  abandon(queue: string, owner: string, signal: Signal): Promise<number> {
    return this.#ask({ do: 'abandon', queue, owner }, signal);
  }

  watch(queue: string, onReady: () => void): Disposable {
    return this.#host.queues.watchQueue(queue, onReady);
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#lease[Symbol.asyncDispose]();
  }

  #stateDriver(): QueueStateDriver {
    return {
      get: async key => {
        await this.#fair.turn();
        return this.#look(view => view.state(key));
      },
      write: (write, signal) => this.#ask({ do: 'write', write }, signal),
      scan: (query, signal) => this.#page(query, signal, (view, own) => view.states(own)),
      watch: (prefix, onChange) => this.#host.queues.watchState(prefix, onChange),
    };
  }

  #inspectorDriver(): QueueInspectorDriver {
    return {
      queues: (query, signal) =>
        this.#page<string, PageQuery>(query, signal, (view, own) => view.queues(own)),
      depth: async (queue, signal): Promise<QueueDepth> => {
        await this.#catchUp(signal);
        return this.#look(view => view.depth(queue));
      },
      get: async (queue, id, signal): Promise<InspectedMessage | undefined> => {
        await this.#catchUp(signal);
        return this.#look(view => view.message(queue, id));
      },
      messages: (queue, query, signal) =>
        this.#page<InspectedMessage, MessagesQuery>(query, signal, (view, own) => view.messages(queue, own)),
      remove: (queue, ids, signal) => this.#removed(queue, ids, signal),
      purge: (queue, signal) => this.#purge(queue, signal),
    };
  }

  #removed(queue: string, ids: readonly MessageId[], signal: Signal): Promise<readonly RemoveResult[]> {
    return this.#ask({ do: 'remove', queue, ids }, signal);
  }

  /** In steps, so that nobody waits long for the write lock. */
  async #purge(queue: string, signal: Signal): Promise<number> {
    let total = 0;
    let until: number | undefined;
    do {
      const purged: Purged = await this.#ask({ do: 'purge', queue, until }, signal);
      total += purged.count;
      until = purged.until;
    } while (until !== undefined);
    return total;
  }

  async #page<Item, Query extends { readonly cursor: string | undefined; readonly limit: number }>(
    query: Query,
    signal: Signal,
    look: (view: QueueView, query: Query) => Look<Item>,
  ): Promise<Page<Item>> {
    await this.#catchUp(signal);
    return pageOfLooks(query.limit, query.cursor, async (cursor, limit) => {
      const found = this.#look(view => look(view, { ...query, cursor, limit }));
      // Others have their turn.
      if (found.rest !== undefined) await new Promise(resolve => setImmediate(resolve));
      return found;
    });
  }

  /** Has leases ended whose time has come, and written down how far the clock has come. */
  async #catchUp(signal: Signal): Promise<void> {
    await this.#fair.turn();
    if (this.#look(view => view.isBehind)) await this.#ask({ do: 'advance' }, signal);
  }

  #look<Result>(run: (view: QueueView) => Result): Result {
    try {
      return this.#host.read(({ bytes }) => run(new QueueView(bytes, this.#time)));
    } catch (thrown) {
      const { cause } = thrown as Error;
      throw cause instanceof CellDamage ? this.#damaged(cause) : thrown;
    }
  }

  /** Who meets damage is told, and has it put in order for the next. */
  #damaged({ cell }: CellDamage): QuorateError {
    this.#ask({ do: 'repair', cell }, undefined).catch(() => {});
    return recordCorrupt('A record of the queue');
  }

  async #ask<Result>(step: QueueStep, signal: Signal): Promise<Result> {
    try {
      return await this.#host.ask<Result>({ type: 'queue', step, maxBytes: this.#maxBytes }, signal);
    } catch (thrown) {
      throw errorCode(thrown) === 'STORAGE_FULL' ? storeFull(thrown as QuorateError) : thrown;
    }
  }
}

/** The seam's own code for it. */
function storeFull({ message, outcome, cause }: QuorateError): QuorateError {
  return new QuorateError('STORE_FULL', message, { retryable: true, outcome, cause });
}
