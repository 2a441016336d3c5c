import {
  boundedWait,
  type Clock,
  errorCode,
  type LeaseAnswer,
  type LeaseHandle,
  type LeaseQuery,
  type MessageId,
  type PutCall,
  type PutResult,
  QuorateError,
  type QueueCapabilities,
  type QueueDriver,
  type QueueInspectorDriver,
  type QueuePut,
  type QueueStateDriver,
  type Random,
  type Settlement,
  type SettleResult,
  type Timer,
} from '@quorate/core';
import { numbersIn, numbersOf } from '../../queue/array-literal.ts';
import { handleValues, idOfSequence, inOneOrder } from '../../queue/lease-handles.ts';
import { putBytes, putValues } from '../../queue/put-values.ts';
import { leaseIn } from '../../queue/queue-rows.ts';
import { type QueueStatements, queueStatementsFor } from '../../queue/queue-statements.ts';
import { isPlain, settlementBytes, settleValues } from '../../queue/settle-values.ts';
import { storedName, storedText } from '../../queue/stored-name.ts';
import type { Row } from '../../rows.ts';
import { serverError } from '../../server-error.ts';
import { channelOf } from '../channel-of.ts';
import type { Connections } from '../connections.ts';
import { Notifications } from '../notifications.ts';
import { Batcher } from './batcher.ts';
import { checkTransaction } from './postgres-transaction.ts';
import { queueInspectorOf } from './queue-inspector.ts';
import { type LookFrom, QueueLooks } from './queue-looks.ts';
import { queueStateOf } from './queue-state.ts';
import { QueueWatches } from './queue-watches.ts';

/** The most messages and bytes that go to the server in one statement, but for a single call's. */
const batchMax = 500;
const batchBytesMax = 8 * 2 ** 20;

/** The most bytes of one call: a value of PostgreSQL has 1 GiB at most, and memory is needed for it several times. */
const callBytesMax = 256 * 2 ** 20;

/** How often a client cleans up, about, and the most transactions of one cleaning. */
const sweepMs = 3000;
const sweepStepsMax = 100;

/** How long a call of nobody's may take. */
const ownMs = 10_000;

/** How often a statement is tried whose transaction had to give way to another. */
const attemptsMax = 5;

/** Where nobody was let through: nothing was done, and the next time it may. */
const gaveWay = ['40P01', '40001'];

const applied: SettleResult = { outcome: 'applied' };
const lost: SettleResult = { outcome: 'not-applied', reason: 'lost' };
const conflict: SettleResult = { outcome: 'not-applied', reason: 'conflict' };

export interface PostgresQueueDriverOptions {
  readonly connections: Connections;
  readonly capabilities: QueueCapabilities;
  readonly clock: Clock;
  readonly random: Random;
  /** As a quoted identifier. */
  readonly schema: string;
  /** How many batches of one kind are under way at once. */
  readonly batchesMax: number;
  /** Called last, when the store is closed. */
  readonly close: () => Promise<void>;
}

/** Runs one of the queue's statements. */
export type RunStatement = (
  name: keyof QueueStatements,
  values: unknown[],
  signal: AbortSignal | undefined,
) => Promise<readonly Row[]>;

/** A QueueStore's calls as statements, one each; what comes at the same time goes together. */
export class PostgresQueueDriver implements QueueDriver {
  readonly capabilities: QueueCapabilities;
  readonly state: QueueStateDriver;
  readonly inspect: QueueInspectorDriver;
  readonly #options: PostgresQueueDriverOptions;
  readonly #statements: QueueStatements;
  readonly #notifications: Notifications;
  readonly #watches: QueueWatches;
  readonly #looks: QueueLooks;
  readonly #puts: Batcher<QueuePut, PutResult>;
  /** With an id of the sender's each may wait for a transaction of somebody else, in which the same was put. */
  readonly #putsById: Batcher<QueuePut, PutResult>;
  readonly #acknowledgements: Batcher<LeaseHandle, SettleResult>;
  readonly #settlements: Batcher<Settlement, SettleResult>;
  /** What names of its prepared statements begin with: short, however long the schema's name is. */
  readonly #name: string;
  #sweepTimer: Timer;
  #isClosed = false;

  constructor(options: PostgresQueueDriverOptions) {
    const { connections, clock, random, schema, batchesMax } = options;
    this.#options = options;
    this.capabilities = options.capabilities;
    this.#statements = queueStatementsFor(schema);
    this.#name = channelOf(schema, 'queue statements');
    this.#notifications = new Notifications(connections, clock, random);
    this.#watches = new QueueWatches({
      clock,
      notifications: this.#notifications,
      channelOf: partition => channelOf(schema, `queue/${storedName(partition)}`),
      ask: (partition, queuesMs, stateMs) =>
        this.#runOwn('watch', [storedName(partition), queuesMs, stateMs]),
    });
    this.#looks = new QueueLooks(clock);
    const limits = { batchesMax, itemsMax: batchMax, bytesMax: batchBytesMax };
    const sendPuts = (puts: readonly QueuePut[], signal: AbortSignal | undefined) =>
      this.#sendPuts(puts, signal);
    this.#puts = new Batcher({ ...limits, send: sendPuts, bytesOf: putBytes });
    this.#putsById = new Batcher({ ...limits, send: sendPuts, bytesOf: putBytes });
    this.#acknowledgements = new Batcher({
      ...limits,
      send: (leases, signal) => this.#acknowledge(leases, signal),
      bytesOf: () => 0,
    });
    this.#settlements = new Batcher({
      ...limits,
      send: (settlements, signal) => this.#sendSettlements(settlements, signal),
      bytesOf: settlements => settlements.reduce((bytes, each) => bytes + settlementBytes(each), 0),
    });
    const run: RunStatement = (...call) => this.#run(...call);
    this.state = queueStateOf(run, (prefix, onChange) => this.#watches.watchState(prefix, onChange));
    this.inspect = queueInspectorOf(run);
    this.#sweepTimer = this.#sweepLater();
  }

  async now(signal: AbortSignal | undefined): Promise<number> {
    const [row] = await this.#run('now', [], signal);
    return Number(row?.['now']);
  }

  async put(puts: readonly QueuePut[], { transaction, signal }: PutCall): Promise<readonly PutResult[]> {
    checkBytes(putBytes(puts));
    if (transaction === undefined) {
      const hasId = puts.some(({ message }) => message.id !== undefined);
      return (hasId ? this.#putsById : this.#puts).run(puts, signal);
    }
    checkTransaction(transaction);
    try {
      const text = this.#statements.put;
      const { rows } = await transaction.query({ text, values: [...putValues(puts), true] });
      return putResults(puts, rows[0] as Row);
    } catch (thrown) {
      throw serverError(thrown, {});
    }
  }

  async lease(queue: string, query: LeaseQuery, signal: AbortSignal | undefined): Promise<LeaseAnswer> {
    if (query.lanes?.length === 0) return { messages: [] };
    const from = this.#looks.from(queue, query.lanes);
    const answer = await this.#look(queue, query, from, signal);
    if (from.readyFromMs === 0 || answer.messages.length > 0) return answer;
    // What has come back, or late, may lie before.
    return this.#look(queue, query, { ...from, readyFromMs: 0 }, signal);
  }

  async extend(
    leases: readonly LeaseHandle[],
    leaseMs: number,
    started: boolean,
    signal: AbortSignal | undefined,
  ): Promise<readonly SettleResult[]> {
    // One that is named twice is extended once, and charged as often as it is named.
    const [places, charges] = [new Map<string, number>(), [] as number[]];
    const firsts: LeaseHandle[] = [];
    const placeOf = leases.map(lease => {
      const name = `${lease.queue}\0${lease.token}\0${lease.id}`;
      const place = places.get(name) ?? firsts.push(lease) - 1;
      places.set(name, place);
      charges[place] = (charges[place] ?? 0) + (started ? 1 : 0);
      return place;
    });
    const results = await this.#inOneOrder(firsts, async (sorted, order) => {
      const inOrder = numbersOf(order.map(place => charges[place]));
      return doneOf(
        await this.#run('extend', [...handleValues(sorted), inOrder, Math.ceil(leaseMs)], signal),
      );
    });
    return placeOf.map(place => results[place] as SettleResult);
  }

  async settle(
    settlements: readonly Settlement[],
    signal: AbortSignal | undefined,
  ): Promise<readonly SettleResult[]> {
    if (settlements.every(isPlain)) {
      return this.#acknowledgements.run(
        settlements.map(({ lease }) => lease),
        signal,
      );
    }
    checkBytes(settlements.reduce((bytes, each) => bytes + settlementBytes(each), 0));
    return this.#settlements.run(settlements, signal);
  }

  async abandon(queue: string, owner: string, signal: AbortSignal | undefined): Promise<number> {
    const [row] = await this.#run('abandon', [storedName(queue), storedText(owner)], signal);
    this.#watches.tellQueues([queue]);
    return Number(row?.['count']);
  }

  watch(queue: string, onReady: () => void): Disposable {
    return this.#watches.watchQueue(queue, onReady);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#sweepTimer.cancel();
    this.#watches.close();
    this.#notifications.close();
    this.#options.connections.close();
    await this.#options.close();
  }

  async #look(
    queue: string,
    { messagesMax, leaseMs, lanes, owner, startedMax }: LeaseQuery,
    from: LookFrom,
    signal: AbortSignal | undefined,
  ): Promise<LeaseAnswer> {
    const inLanes = lanes === undefined ? null : numbersOf(lanes);
    const wanted = [storedName(queue), messagesMax, Math.ceil(leaseMs), inLanes, storedText(owner)];
    const values = [...wanted, Math.min(startedMax, messagesMax), from.checkFromMs, from.readyFromMs];
    const leasing = this.#run('lease', values, signal);
    const [row] = await leasing.catch((thrown: unknown) => this.#unlessClosed(thrown));
    const { messages, nextInMs, ...look } = leaseIn(row as Row, queue, Math.ceil(leaseMs));
    this.#looks.note(queue, lanes, { ...look, from });
    messages.sort((one, other) => (one.token < other.token ? -1 : 1));
    return messages.length > 0 || nextInMs === undefined ? { messages } : { messages, nextInMs };
  }

  async #sendPuts(puts: readonly QueuePut[], signal: AbortSignal | undefined): Promise<readonly PutResult[]> {
    const [row] = await this.#run('put', [...putValues(puts), false], signal);
    this.#watches.tellQueues(puts.map(({ queue }) => queue));
    return putResults(puts, row as Row);
  }

  async #acknowledge(
    leases: readonly LeaseHandle[],
    signal: AbortSignal | undefined,
  ): Promise<readonly SettleResult[]> {
    return this.#inOneOrder(leases, async sorted =>
      doneOf(await this.#run('acknowledge', handleValues(sorted), signal)),
    );
  }

  async #sendSettlements(
    settlements: readonly Settlement[],
    signal: AbortSignal | undefined,
  ): Promise<readonly SettleResult[]> {
    const [row] = await this.#run('settle', settleValues(settlements), signal);
    const touched = settlements.flatMap(({ lease, action, puts = [] }) => [
      lease.queue,
      ...(action.type === 'move' ? [action.queue] : []),
      ...puts.map(({ queue }) => queue),
    ]);
    this.#watches.tellQueues(touched);
    return numbersIn(row?.['results']).map(result => [applied, lost, conflict][result] as SettleResult);
  }

  /** Sends leases in the order in which all are to be touched, and puts what became of them into their own. */
  async #inOneOrder(
    leases: readonly LeaseHandle[],
    send: (sorted: readonly LeaseHandle[], order: readonly number[]) => Promise<ReadonlySet<number>>,
  ): Promise<readonly SettleResult[]> {
    const order = inOneOrder(leases);
    const sorted = order.map(place => leases[place] as LeaseHandle);
    const done = await send(sorted, order);
    const results: SettleResult[] = leases.map(() => lost);
    for (const [index, place] of order.entries()) if (done.has(index + 1)) results[place] = applied;
    return results;
  }

  /** Runs a statement. One whose transaction had to give way has done nothing, and is sent again. */
  async #run(
    name: keyof QueueStatements,
    values: unknown[],
    signal: AbortSignal | undefined,
  ): Promise<readonly Row[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        const text = this.#statements[name];
        return await this.#options.connections.run(`${this.#name} ${name}`, text, values, {}, signal);
      } catch (thrown) {
        if (attempt === attemptsMax || !hasGivenWay(thrown)) throw thrown;
      }
    }
  }

  /** The same for a call of nobody's: where a server has gone without a word those would take all connections by and by. */
  #runOwn(name: keyof QueueStatements, values: unknown[]): Promise<readonly Row[]> {
    const limit = { deadlineMs: ownMs };
    return boundedWait(this.#options.clock, limit, 'unknown', signal => this.#run(name, values, signal));
  }

  /** A lease that waits is not at fault when the store closes. */
  #unlessClosed(thrown: unknown): never {
    if (!this.#isClosed) throw thrown;
    throw new QuorateError('CLOSED', 'The queue store was closed', { outcome: 'not-applied', cause: thrown });
  }

  /** A bounded number of small transactions. */
  async #sweep(): Promise<void> {
    for (let step = 0; step < sweepStepsMax && !this.#isClosed; step++) {
      const [row] = await this.#runOwn('sweep', []);
      if (row?.['more'] !== true) return;
    }
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

function doneOf(rows: readonly Row[]): ReadonlySet<number> {
  return new Set(numbersIn(rows[0]?.['done']));
}

function putResults(puts: readonly QueuePut[], row: Row): readonly PutResult[] {
  const base = BigInt(row['base'] as string);
  const duplicates = new Set(numbersIn(row['duplicates']));
  return puts.map(({ message }, place) => ({
    outcome: 'applied',
    id: message.id ?? (idOfSequence(base + BigInt(place + 1)) as MessageId),
    duplicate: duplicates.has(place + 1),
  }));
}

function hasGivenWay(thrown: unknown): boolean {
  if (errorCode(thrown) !== 'UNAVAILABLE') return false;
  const { outcome, cause } = thrown as QuorateError;
  return outcome === 'not-applied' && gaveWay.includes((cause as { code?: string } | undefined)?.code ?? '');
}

/** @throws RangeError */
function checkBytes(bytes: number): void {
  if (bytes <= callBytesMax) return;
  throw new RangeError(`One call must be at most ${callBytesMax} bytes: received ${bytes}`);
}
