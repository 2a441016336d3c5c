import { type NodeId, sleep } from '@quorate/core';
import {
  type ClientEnv,
  type Model,
  register,
  type RegisterInput,
  type RegisterOutput,
  type Scalar,
} from '@quorate/sim';
import { type CallArguments, callError, type CallFailure, type Calls } from './calls.ts';

/** What clients do with the map. */
export type MapInput = RegisterInput & { readonly key: string };

const registers = register();

/** Registers by key. */
export const mapOfRegisters: Model<Scalar, MapInput, RegisterOutput> = {
  ...registers,
  name: 'map-of-registers',
  partition: ({ key }) => key,
  describe: (input, output) => `${registers.describe?.(input, output)} at "${input.key}"`,
};

/** What there is. */
export const keys: readonly string[] = ['x', 'y'];
/** How long a client waits for an answer before it asks elsewhere: so long, or twice or four or eight times as long. */
const askMinMs = 100;
const askOnceMs = 1500;
const pauseMaxMs = 100;
/** Clients that are idle for longer than their session lives begin another. */
const idleMs = 2000;
const ttlsMs = [60_000, 60_000, 1000];

/** Finds the leader by asking, and asks again until something is known. */
export class MapCaller {
  readonly #env: ClientEnv;
  readonly #calls: Calls;
  #target: NodeId;

  constructor(env: ClientEnv, calls: Calls) {
    this.#env = env;
    this.#calls = calls;
    this.#target = this.#anyNode();
  }

  /** Whom to ask next. */
  aim(at: NodeId): void {
    this.#target = at;
  }

  /** Asks the presumed leader once, and waits for long: nobody else will be asked. */
  async askOnce(method: string, args: CallArguments): Promise<unknown> {
    const answer = await this.#calls.ask(this.#target, method, args, askOnceMs);
    if ('value' in answer) return answer.value;
    const { code, outcome, leader } = answer.failure;
    this.#env.reached(code);
    this.#target = leader === undefined || leader === this.#target ? this.#anyNode() : leader;
    throw callError(code, outcome);
  }

  /** Asks one after another until somebody answers, or says that it is no use. */
  async ask(method: string, args: CallArguments): Promise<unknown> {
    for (;;) {
      const answer = await this.#calls.ask(this.#target, method, args, this.#patienceMs());
      if ('value' in answer) return answer.value;
      const { code, leader } = answer.failure;
      this.#env.reached(code);
      if (isFinal(answer.failure)) throw callError(code, 'unknown');
      this.#target = leader === undefined || leader === this.#target ? this.#anyNode() : leader;
      await sleep(this.#env.clock, 10 + this.#env.random.below(40));
    }
  }

  #patienceMs(): number {
    return askMinMs * 2 ** this.#env.random.below(4);
  }

  /** Begins with any node. */
  async askAnybody(method: string, args: CallArguments): Promise<unknown> {
    this.#target = this.#anyNode();
    return await this.ask(method, args);
  }

  #anyNode(): NodeId {
    const { nodes, random } = this.#env;
    return nodes[random.below(nodes.length)] as NodeId;
  }
}

function isFinal({ code }: CallFailure): boolean {
  return code === 'SESSION_EXPIRED' || code === 'REPLY_LOST';
}

/** Puts, compares and sets, and reads in every mode, with retries; now and then it writes what need not be committed. */
export async function useMap(env: ClientEnv, calls: Calls, ease: number): Promise<void> {
  await new MapClient(env, calls, ease).run();
}

class MapClient {
  readonly #env: ClientEnv;
  readonly #caller: MapCaller;
  readonly #ttlMs: number;
  readonly #pauseMaxMs: number;
  #session = 0;
  #sequence = 0;
  #count = 0;
  /** What was seen last, which makes some comparisons right. */
  readonly #seen = new Map<string, number | null>();

  constructor(env: ClientEnv, calls: Calls, ease: number) {
    this.#env = env;
    this.#caller = new MapCaller(env, calls);
    this.#pauseMaxMs = ease * pauseMaxMs;
    this.#ttlMs = ttlsMs[env.index % ttlsMs.length] as number;
  }

  async run(): Promise<void> {
    const { clock, random, workload } = this.#env;
    while (!workload.aborted) {
      if (this.#session === 0) await this.#open();
      const key = keys[random.below(keys.length)] as string;
      const kind = random.below(10);
      if (kind < 4) await this.#read(key);
      else if (kind < 6) await this.#put(key);
      else if (kind < 7) await this.#compareAndSet(key);
      else await this.#note();
      await sleep(clock, random.below(60) === 0 ? idleMs : random.below(this.#pauseMaxMs));
    }
  }

  async #open(): Promise<void> {
    this.#session = (await this.#caller.ask('open', [this.#ttlMs])) as number;
    this.#sequence = 0;
  }

  async #read(key: string): Promise<void> {
    const mode = (['linearizable', 'lease', 'follower'] as const)[this.#env.random.below(3)];
    await this.#env.operation({ type: 'read', key }, async () => {
      const args = [key, mode];
      // Who leads no more may still believe that it does.
      const asksAnybody = mode === 'follower' || this.#env.random.below(2) === 0;
      const value = await (asksAnybody
        ? this.#caller.askAnybody('read', args)
        : this.#caller.ask('read', args));
      this.#seen.set(key, value as number | null);
      return value;
    });
  }

  async #put(key: string): Promise<void> {
    const value = this.#fresh();
    await this.#env.operation({ type: 'write', key, value }, async () => {
      await this.#write(`put ${key} ${value}`);
      this.#seen.set(key, value);
    });
  }

  async #compareAndSet(key: string): Promise<void> {
    const from = this.#seen.get(key) ?? null;
    const to = this.#fresh();
    await this.#env.operation({ type: 'cas', key, from, to }, async () => {
      const isSet = (await this.#write(`cas ${key} ${from ?? '-'} ${to}`)) === 1;
      if (isSet) this.#seen.set(key, to);
      return isSet;
    });
  }

  /** The same operation of the session until its outcome is known. */
  async #write(command: string): Promise<unknown> {
    const sequence = ++this.#sequence;
    const session = this.#session;
    const id = `${session}.${sequence}`;
    try {
      const reply = await this.#caller.ask('write', [`${id} ${command}`, session, sequence, sequence - 1]);
      this.#env.observe({ type: 'acknowledged', id });
      return reply;
    } catch (error) {
      this.#session = 0;
      throw error;
    }
  }

  /** Tried once, at a level that does not wait to be committed, or that waits for everybody. */
  async #note(): Promise<void> {
    const { random } = this.#env;
    const ack = [
      'leader',
      'leader',
      { semiSync: 1 },
      { semiSync: 1 + random.below(3), timeoutMs: random.below(200), onTimeout: 'degrade' },
      'all',
    ][random.below(5)];
    const id = `note.${this.#fresh()}`;
    // Some are long, so that disks fill up and not everything is in memory.
    const command = `${id} note ${random.below(3) === 0 ? '-'.repeat(4000) : ''}`;
    await this.#env.operation({ type: 'note', ack }, async () => {
      await this.#caller.askOnce('early', [command, ack]);
      if (ack === 'all') this.#env.observe({ type: 'acknowledged', id });
    });
  }

  /** A number that nobody else has. */
  #fresh(): number {
    return this.#env.index * 100_000 + ++this.#count;
  }
}
