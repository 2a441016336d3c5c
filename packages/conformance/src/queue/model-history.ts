import {
  type LeasedMessage,
  QueuePartition,
  type QueueCapabilities,
  type QueuePut,
  type QueueStore,
  type Random,
  seededRandom,
  type Settlement,
  type StateWrite,
} from '@quorate/core';
import { equal } from '../expect.ts';
import { bytes } from '../store-stage.ts';
import { type MessageOptions, messageOf, type QueueStage, textOf } from './queue-stage.ts';

/** Longer than a case takes. */
const longMs = 600_000;

/** The most that one call of a history puts, leases or settles, but for a few. */
const batchMax = 8;

/** The most of those few. */
const largeMax = 150;

/** How many of the last leases may be settled, once more or for the first time. */
const recentMax = 60;

/** The most that is told of one call. */
const toldMax = 800;

/** What one lease gave, by the engine and by the model. */
interface Pair {
  readonly engine: LeasedMessage;
  readonly model: LeasedMessage;
}

/**
 * The same random calls to an engine, by several clients in turn, and to the state machine that says what a queue store means. After
 * each both must have answered alike, but for what they call messages that came without a name.
 *
 * Now and then time passes: something ends, comes or is forgotten soon, and the next call is made when that has happened. How long
 * that takes in earnest does not matter: the state machine has a clock of its own, and all else lasts for longer than a history.
 */
export class ModelHistory {
  readonly #stage: QueueStage;
  readonly #stores: readonly QueueStore[];
  readonly #random: Random;
  readonly #partition: string;
  readonly #model = new QueuePartition();
  readonly #can: QueueCapabilities['lease'];
  readonly #leases: Pair[] = [];
  /** The model's time, ms. */
  #nowMs = 0;
  /** How many messages were put. */
  #count = 0;
  /** What was done, for whoever has to find out. */
  readonly steps: string[] = [];

  /** @param seed of all that is chosen: with it, another engine is asked the same as long as it answers the same */
  constructor(stage: QueueStage, stores: readonly QueueStore[], seed: number) {
    this.#stage = stage;
    this.#stores = stores;
    this.#random = seededRandom(seed);
    this.#partition = stage.partition();
    this.#can = stage.capabilities.lease;
  }

  async step(): Promise<void> {
    this.#nowMs++;
    const dice = this.#below(100);
    if (dice < 33) await this.#put();
    else if (dice < 57) await this.#lease(longMs);
    else if (dice < 81) await this.#settle();
    else if (dice < 86) await this.#extend(longMs);
    else if (dice < 91) await this.#write();
    else if (dice < 96) await this.#compareDepths();
    else await this.#passTime();
  }

  async #put(options = (): MessageOptions => this.#options()): Promise<void> {
    const puts = this.#times(this.#size(), () => {
      return { queue: this.#queue(), message: messageOf(this.#text('m'), options()) };
    });
    this.#did(`put ${puts.map(toldPut).join('; ')}`);
    const engine = await this.#stage.puts(puts, this.#store());
    const model = puts.map(put => this.#model.put(put, this.#nowMs));
    alike(engine.map(duplicateOf), model.map(duplicateOf), 'which are duplicates');
  }

  async #lease(leaseMs: number): Promise<void> {
    const queue = this.#queue();
    const messagesMax = this.#size();
    const lanes = this.#can.lanes && this.#below(3) === 0 ? [2, 0] : undefined;
    const startedMax = this.#below(4);
    const asked = `${messagesMax} of ${queue} for ${leaseMs} ms, ${startedMax} started`;
    this.#did(`lease ${asked} ${lanes === undefined ? '' : `lanes ${lanes.join()}`}`);
    const options = { messagesMax, leaseMs, owner: 'o', startedMax };
    const engine = await this.#stage.lease(
      queue,
      lanes === undefined ? options : { ...options, lanes },
      this.#store(),
    );
    const model = this.#model.lease(queue, { ...options, lanes }, this.#nowMs);
    alike(engine.map(seen), model.map(seen), 'what is leased');
    engine.forEach((message, index) => this.#leases.push({ engine: message, model: model[index]! }));
  }

  async #settle(delayMs: number = longMs): Promise<void> {
    const pairs = this.#anyLeases();
    if (pairs.length === 0) return;
    // What several settlements of one call send may come after the ends of all, so that only ends that it does not meet stand beside
    // it; and which comes first of what is released for the same time is not promised.
    const isOne = pairs.length === 1;
    const sends = isOne || this.#below(3) === 0;
    const settlements = pairs.map((pair, index) => {
      const action: Settlement['action'] =
        sends && !isOne ? { type: 'acknowledge' } : this.#action(index === 0 ? delayMs : 0);
      return { pair, action, puts: sends ? this.#followUps(isOne) : [], state: this.#state() };
    });
    this.#did(`settle ${settlements.map(toldSettlement).join('; ')}`);
    const engine = await this.#stage.within(
      'they are settled',
      this.#store().settle(settlements.map(({ pair, ...rest }) => ({ lease: pair.engine, ...rest }))),
    );
    const model = settlements.map(({ pair, ...rest }) =>
      this.#model.settle({ lease: pair.model, ...rest }, this.#nowMs),
    );
    alike(engine, model, 'what becomes of them');
  }

  async #extend(leaseMs: number): Promise<void> {
    const pairs = this.#anyLeases();
    if (pairs.length === 0) return;
    const started = this.#below(2) === 0;
    const texts = pairs.map(({ engine }) => textOf(engine));
    this.#did(`extend ${texts.join()} to ${leaseMs} ms${started ? ', started' : ''}`);
    const leases = pairs.map(({ engine }) => engine);
    const engine = await this.#stage.within(
      'they are extended',
      this.#store().extend(leases, leaseMs, { started }),
    );
    const model = pairs.map(pair => this.#model.extend(pair.model, leaseMs, started, this.#nowMs));
    alike(engine, model, 'what becomes of them');
  }

  /** Leases that end, delays that are over and names that are forgotten before the next call. */
  async #passTime(): Promise<void> {
    const soonMs = this.#stage.leaseMs;
    const dice = this.#below(5);
    if (dice === 0) await this.#lease(soonMs);
    else if (dice === 1) await this.#extend(soonMs);
    else if (dice === 2) await this.#settle(this.#can.readyAt ? soonMs : 0);
    else if (dice === 3 && this.#can.readyAt) await this.#put(() => this.#options({ delayMs: soonMs }));
    else await this.#put(() => ({ ...this.#options(), id: `id${this.#below(5)}`, rememberMs: soonMs }));
    this.#did(`${soonMs} ms pass`);
    const { leaseGranularityMs } = this.#stage.capabilities;
    const untilMs = (await this.#store().now()) + soonMs + leaseGranularityMs;
    for (const store of this.#stores) {
      while ((await store.now()) <= untilMs) await this.#stage.sleep(soonMs / 5);
    }
    this.#nowMs += soonMs + 1;
  }

  async #write(): Promise<void> {
    const key = `${this.#partition}/s${this.#below(2)}`;
    const value = this.#below(3) === 0 ? undefined : bytes(`${this.#nowMs}`);
    const isAbsent = this.#below(2) === 0;
    this.#did(`write ${key}${isAbsent ? ' if absent' : ''}${value === undefined ? ': nothing' : ''}`);
    const write = { key, value, ...(isAbsent ? { version: 0 } : {}) };
    const engine = await this.#store().state.write(write);
    const model = this.#model.writeState(write, this.#nowMs);
    equal(engine.outcome, model.outcome, 'what becomes of it');
    const record = await this.#stage.record(key, this.#store());
    equal(record?.value, this.#model.getState(key, this.#nowMs)?.value, 'what stands there');
  }

  async #compareDepths(): Promise<void> {
    const queue = this.#queue();
    this.#did(`depth of ${queue}`);
    const { oldestReadyAtMs: _engine, ...engine } = await this.#store().inspect.depth(queue);
    const { oldestReadyAtMs: _model, ...model } = this.#model.depth(queue, this.#nowMs);
    equal(engine, model, 'how full it is');
  }

  /** @param time of all that are put, in place of any */
  #options(time?: Pick<MessageOptions, 'delayMs'>): MessageOptions {
    const { lanes, oneActivePerKey, readyAt } = this.#can;
    const dice = this.#below(12);
    return {
      ...(dice < 3 ? { id: `id${this.#below(dice === 0 ? 5 : 100)}` } : {}),
      ...(dice === 1 ? { rememberMs: longMs } : {}),
      ...(this.#below(6) === 0 ? { headers: { of: `${this.#count}` } } : {}),
      ...(lanes && this.#below(2) === 0 ? { lane: this.#below(3) } : {}),
      ...(oneActivePerKey && this.#below(2) === 0
        ? { key: `k${this.#below(3)}`, keyActiveMax: 1 + this.#below(2) }
        : {}),
      ...(time ?? (readyAt && this.#below(8) === 0 ? this.#readyAt() : {})),
    };
  }

  /** Never within a history, or long before it. */
  #readyAt(): Pick<MessageOptions, 'delayMs' | 'readyAtMs'> {
    return this.#below(2) === 0 ? { delayMs: longMs } : { readyAtMs: 0 };
  }

  /** @param named some of them: such a name may be that of a message that ends in the same call */
  #followUps(named: boolean): readonly QueuePut[] {
    if (this.#below(3) > 0) return [];
    return this.#times(1 + this.#below(3), () => {
      const { id, rememberMs, ...options } = this.#options();
      const name =
        named && id !== undefined ? { id, ...(rememberMs === undefined ? {} : { rememberMs }) } : {};
      return { queue: this.#queue(), message: messageOf(this.#text('follow'), { ...options, ...name }) };
    });
  }

  #state(): readonly StateWrite[] {
    if (this.#below(6) > 0) return [];
    const key = `${this.#partition}/s${this.#below(2)}`;
    return [{ key, value: bytes(`${this.#nowMs}`), ...(this.#below(3) === 0 ? { version: 0 } : {}) }];
  }

  #action(longestMs: number): Settlement['action'] {
    const dice = this.#below(10);
    const headers = this.#below(4) === 0 ? { headers: { again: `${this.#nowMs}` } } : {};
    if (dice < 5) return { type: 'acknowledge' };
    if (dice < 8) {
      const delayMs = this.#can.readyAt && dice === 7 ? longestMs : 0;
      return { type: 'release', delayMs, ...headers, ...(this.#below(2) === 0 && { unstarted: true }) };
    }
    return { type: 'move', queue: this.#queue(), ...headers };
  }

  /** Some of the last leases, which may be over. */
  #anyLeases(): readonly Pair[] {
    const recent = this.#leases.slice(-recentMax);
    if (recent.length === 0) return [];
    return this.#times(this.#size(), () => recent[this.#below(recent.length)] as Pair);
  }

  /** How much one call is about: little as a rule, now and then much. */
  #size(): number {
    return 1 + this.#below(this.#below(20) === 0 ? largeMax : batchMax);
  }

  #times<Item>(count: number, make: () => Item): readonly Item[] {
    return Array.from({ length: count }, make);
  }

  #text(of: string): string {
    return `${of}${++this.#count}`;
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
    const text = `${this.#nowMs}. ${what}`.replaceAll(`${this.#partition}/`, '');
    this.steps.push(text.length > toldMax ? `${text.slice(0, toldMax)} …` : text);
  }
}

/** Throws where lists differ, and says where first. */
function alike(actual: readonly unknown[], expected: readonly unknown[], what: string): void {
  expected.forEach((each, index) => equal(actual[index], each, `${what}, number ${index + 1}`));
  equal(actual.length, expected.length, `${what}: how many`);
}

function duplicateOf(
  result: { readonly outcome: string; readonly duplicate?: boolean } | undefined,
): unknown {
  return result?.outcome === 'applied' ? result.duplicate : result?.outcome;
}

/** What is told of a message but for its token and times, and a name that the engine gave it. */
function seen(message: LeasedMessage): unknown {
  const { id, lane, key, deliveryCount, attemptCount, headers } = message;
  const name = id.startsWith('~') ? undefined : id;
  return { text: textOf(message), name, lane, key, deliveryCount, attemptCount, headers };
}

function toldPut({ queue, message }: QueuePut): string {
  const { body: _body, ...options } = message;
  return `${textOf(message)} to ${queue} ${JSON.stringify(options)}`;
}

function toldSettlement({ pair, action, puts, state }: Omit<Settlement, 'lease'> & { pair: Pair }): string {
  const { engine } = pair;
  const records =
    state?.map(({ key, version }) => `, writes ${key}${version === 0 ? ' if absent' : ''}`) ?? [];
  const sends = puts?.map(put => `, sends ${toldPut(put)}`) ?? [];
  return `${textOf(engine)} of ${engine.queue}: ${JSON.stringify(action)}${records.join('')}${sends.join('')}`;
}
