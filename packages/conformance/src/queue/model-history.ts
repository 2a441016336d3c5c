import {
  type LeasedMessage,
  QueuePartition,
  type QueueCapabilities,
  type QueueStore,
  type Random,
  type Settlement,
} from '@quorate/core';
import { equal } from '../expect.ts';
import { bytes } from '../store-stage.ts';
import { type MessageOptions, messageOf, type QueueStage, textOf } from './queue-stage.ts';

/** Longer than a case takes. */
const longMs = 600_000;

/** What one lease gave, by the engine and by the model. */
interface Pair {
  readonly engine: LeasedMessage;
  readonly model: LeasedMessage;
}

/**
 * The same random calls to an engine, by several clients in turn, and to the state machine that says what a queue store means. After
 * each both must have answered alike, but for what they call messages.
 */
export class ModelHistory {
  readonly #stage: QueueStage;
  readonly #stores: readonly QueueStore[];
  readonly #random: Random;
  readonly #partition: string;
  readonly #model = new QueuePartition();
  readonly #can: QueueCapabilities['lease'];
  readonly #leases: Pair[] = [];
  #count = 0;
  /** What was done, for whoever has to find out. */
  readonly steps: string[] = [];

  constructor(stage: QueueStage, stores: readonly QueueStore[]) {
    this.#stage = stage;
    this.#stores = stores;
    this.#random = stage.subject.random;
    this.#partition = stage.partition();
    this.#can = stage.capabilities.lease;
  }

  async step(): Promise<void> {
    this.#count++;
    const dice = this.#below(100);
    if (dice < 35) await this.#put();
    else if (dice < 60) await this.#lease();
    else if (dice < 85) await this.#settle();
    else if (dice < 90) await this.#extend();
    else if (dice < 95) await this.#write();
    else await this.#compareDepths();
  }

  async #put(): Promise<void> {
    const queue = this.#queue();
    const text = `m${this.#count}`;
    const message = messageOf(text, this.#options());
    this.#did(`put ${text} to ${queue} ${JSON.stringify({ ...message, body: undefined })}`);
    const [engine] = await this.#stage.puts([{ queue, message }], this.#store());
    const model = this.#model.put({ queue, message }, this.#count);
    equal(duplicateOf(engine), duplicateOf(model), 'whether it is a duplicate');
  }

  async #lease(): Promise<void> {
    const queue = this.#queue();
    const messagesMax = 1 + this.#below(4);
    const lanes = this.#can.lanes && this.#below(3) === 0 ? [2, 0] : undefined;
    const startedMax = this.#below(3);
    const asked = `${messagesMax} of ${queue}, ${startedMax} started`;
    this.#did(`lease ${asked} ${lanes === undefined ? '' : `lanes ${lanes.join()}`}`);
    const options = { messagesMax, leaseMs: longMs, owner: 'o', startedMax };
    const engine = await this.#stage.lease(
      queue,
      lanes === undefined ? options : { ...options, lanes },
      this.#store(),
    );
    const model = this.#model.lease(queue, { ...options, lanes }, this.#count);
    equal(engine.map(seen), model.map(seen), 'what is leased');
    engine.forEach((message, index) => this.#leases.push({ engine: message, model: model[index]! }));
  }

  async #settle(): Promise<void> {
    const pair = this.#anyLease();
    if (pair === undefined) return;
    const { queue } = pair.engine;
    const action = this.#action();
    const puts =
      this.#below(4) === 0 ? [{ queue: this.#queue(), message: messageOf(`follow${this.#count}`) }] : [];
    const state =
      this.#below(4) === 0
        ? [{ key: `${this.#partition}/s${this.#below(2)}`, value: bytes(`${this.#count}`) }]
        : [];
    this.#did(`settle ${textOf(pair.engine)} of ${queue}: ${JSON.stringify(action)}, ${puts.length} puts`);
    const engine = await this.#stage.settle(pair.engine, action, { puts, state }, this.#store());
    const model = this.#model.settle({ lease: pair.model, action, puts, state }, this.#count);
    equal(engine, model, 'what becomes of it');
  }

  async #extend(): Promise<void> {
    const pair = this.#anyLease();
    if (pair === undefined) return;
    const started = this.#below(2) === 0;
    this.#did(`extend ${textOf(pair.engine)}${started ? ', started' : ''}`);
    const [engine] = await this.#store().extend([pair.engine], longMs, { started });
    equal(engine, this.#model.extend(pair.model, longMs, started, this.#count), 'what becomes of it');
  }

  async #write(): Promise<void> {
    const key = `${this.#partition}/s${this.#below(2)}`;
    const value = this.#below(3) === 0 ? undefined : bytes(`${this.#count}`);
    const isAbsent = this.#below(2) === 0;
    this.#did(`write ${key}${isAbsent ? ' if absent' : ''}${value === undefined ? ': nothing' : ''}`);
    const write = { key, value, ...(isAbsent ? { version: 0 } : {}) };
    const engine = await this.#store().state.write(write);
    const model = this.#model.writeState(write, this.#count);
    equal(engine.outcome, model.outcome, 'what becomes of it');
    const record = await this.#stage.record(key, this.#store());
    equal(record?.value, this.#model.getState(key, this.#count)?.value, 'what stands there');
  }

  async #compareDepths(): Promise<void> {
    const queue = this.#queue();
    this.#did(`depth of ${queue}`);
    const { oldestReadyAtMs: _engine, ...engine } = await this.#store().inspect.depth(queue);
    const { oldestReadyAtMs: _model, ...model } = this.#model.depth(queue, this.#count);
    equal(engine, model, 'how full it is');
  }

  #options(): MessageOptions {
    const { lanes, oneActivePerKey, readyAt } = this.#can;
    return {
      ...(this.#below(6) === 0 ? { id: `id${this.#below(5)}` } : {}),
      ...(lanes && this.#below(2) === 0 ? { lane: this.#below(3) } : {}),
      ...(oneActivePerKey && this.#below(2) === 0
        ? { key: `k${this.#below(3)}`, keyActiveMax: 1 + this.#below(2) }
        : {}),
      ...(readyAt && this.#below(8) === 0 ? { delayMs: longMs } : {}),
    };
  }

  #action(): Settlement['action'] {
    const dice = this.#below(10);
    if (dice < 6) return { type: 'acknowledge' };
    if (dice < 8) {
      const delayMs = this.#can.readyAt && dice === 7 ? longMs : 0;
      return { type: 'release', delayMs, ...(this.#below(2) === 0 && { unstarted: true }) };
    }
    return { type: 'move', queue: this.#queue() };
  }

  /** One of the last leases, which may be over. */
  #anyLease(): Pair | undefined {
    const recent = this.#leases.slice(-12);
    return recent[this.#below(Math.max(1, recent.length))];
  }

  #queue(): string {
    return `${this.#partition}/q${this.#below(2)}`;
  }

  #store(): QueueStore {
    return this.#stores[this.#below(this.#stores.length)] as QueueStore;
  }

  #below(bound: number): number {
    return this.#random.uint32() % bound;
  }

  #did(what: string): void {
    this.steps.push(`${this.#count}. ${what}`);
  }
}

function duplicateOf(
  result: { readonly outcome: string; readonly duplicate?: boolean } | undefined,
): unknown {
  return result?.outcome === 'applied' ? result.duplicate : result?.outcome;
}

/** What is told of a message but for its names, token and times. */
function seen(message: LeasedMessage): unknown {
  const { lane, key, deliveryCount, attemptCount, headers } = message;
  return { text: textOf(message), lane, key, deliveryCount, attemptCount, headers };
}
