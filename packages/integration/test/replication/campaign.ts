import { type Random, seededRandom, sleep, systemClock } from '@quorate/core';
import type { ClientsReport } from './clients-task.ts';
import type { Fault } from './faults.ts';
import type { NodeState } from './node-task.ts';
import { type SequenceRange, SequenceSet } from './sequence-set.ts';
import { electionTimeoutMs, Stand } from './stand.ts';
import { becomes } from './told-process.ts';

/** How long and how hard. */
export interface CampaignOptions {
  readonly seed: number;
  readonly names: readonly string[];
  /** At least so long, and until everything has happened once. */
  readonly durationMs: number;
  /** What happens. */
  readonly faults: readonly Fault[];
  /** How many faults there are at a time. */
  readonly hands: number;
  readonly roaming: number;
}

export interface CampaignReport {
  readonly history: ClientsReport;
  /** Everything that may not be. */
  readonly wrongs: readonly string[];
  /** Of each fault, how often it happened. */
  readonly faults: Readonly<Record<string, number>>;
  readonly reached: Readonly<Record<string, number>>;
  /** How many terms had a leader. */
  readonly terms: number;
  /** How many writes of sessions were acknowledged while there were faults. */
  readonly acknowledged: number;
  /** From the end of the faults to the next write that is acknowledged. */
  readonly writableMs: number;
}

/** What is given to the group after the last fault, until a write is acknowledged, and until all have the same. */
export const writableWithinMs: number = 40 * electionTimeoutMs;
const agreeWithinMs = 60_000;
const firstWritesMs = 30_000;
/** For all that has not happened when it is time to end. */
const lastFaultsMs = 180_000;

/** Has clients work on a group while all kinds of faults happen to it, and judges what they were told. */
export async function runCampaign(options: CampaignOptions): Promise<CampaignReport> {
  const random = seededRandom(options.seed);
  await using stand = await Stand.open(options.names, random.fork('stand'));
  const clients = await stand.startClients(options.seed, options.roaming);
  const count = async (): Promise<number> => Number((await clients.ask({ do: 'count' }, 10_000)) ?? 0);
  if (!(await becomes(async () => (await count()) > 20, firstWritesMs))) stand.wrongs.push('Nobody writes');
  const happened = await new Hands(stand, random, options).work();
  const acknowledged = await count();
  const endMs = systemClock.monotonicMs();
  if (!(await becomes(async () => (await count()) > acknowledged + 10, writableWithinMs))) {
    stand.wrongs.push(`No write is acknowledged ${writableWithinMs} ms after the last fault`);
  }
  const writableMs = Math.round(systemClock.monotonicMs() - endMs);
  const history = (await clients.ask({ do: 'end', withinMs: 30_000 }, 300_000)) as ClientsReport | undefined;
  if (history === undefined) throw new Error(`The clients say nothing: ${stand.wrongs.join(', ')}`);
  compare(stand, history, await agreement(stand));
  const { wrongs, termCount: terms } = stand;
  const reached = Object.fromEntries(stand.reached);
  return { history, wrongs, faults: happened, reached, terms, acknowledged, writableMs };
}

/** So many faults at a time, of a deck that is shuffled when it was played. */
class Hands {
  readonly #stand: Stand;
  readonly #random: Random;
  readonly #options: CampaignOptions;
  readonly #happened: Record<string, number> = {};
  #deck: Fault[] = [];
  /** What is broken. */
  readonly #taken = new Set<string>();

  constructor(stand: Stand, random: Random, options: CampaignOptions) {
    this.#stand = stand;
    this.#random = random.fork('faults');
    this.#options = options;
  }

  async work(): Promise<Readonly<Record<string, number>>> {
    const untilMs = systemClock.monotonicMs() + this.#options.durationMs;
    const hands = Array.from({ length: this.#options.hands }, () => this.#play(untilMs));
    using _late = systemClock.setTimer(this.#options.durationMs + lastFaultsMs, () => {
      const left = this.#deck.map(({ name }) => name).join(', ');
      this.#stand.wrongs.push(`For ${lastFaultsMs} ms these could not happen: ${left}`);
    });
    await Promise.all(hands);
    return this.#happened;
  }

  async #play(untilMs: number): Promise<void> {
    // After what is wrong there may never be a leader again to whom something could happen.
    while (this.#stand.wrongs.length === 0) {
      const isTime = systemClock.monotonicMs() >= untilMs;
      // What had no effect in another hand comes back into the deck.
      if (isTime && this.#options.faults.every(({ name }) => this.#happened[name] !== undefined)) return;
      await sleep(systemClock, electionTimeoutMs * (0.5 + this.#random.float() * 2));
      if (this.#deck.length === 0 && !isTime) this.#deck = shuffled(this.#options.faults, this.#random);
      await this.#playOne();
    }
  }

  /** The first of the deck that can happen now, if there is one. */
  async #playOne(): Promise<void> {
    const leader = await this.#stand.leader();
    for (const [place, fault] of this.#deck.entries()) {
      const victim = this.#victim(fault, leader);
      const needs = fault.needs ?? 'replica';
      const takes =
        needs === 'everybody' ? this.#stand.names : needs === 'replica' ? [String(victim)] : [needs];
      if (victim === undefined || takes.some(what => this.#taken.has(what))) continue;
      this.#deck.splice(place, 1);
      for (const what of takes) this.#taken.add(what);
      if (await fault.run(this.#stand, victim, this.#random)) {
        this.#happened[fault.name] = (this.#happened[fault.name] ?? 0) + 1;
      } else this.#deck.push(fault);
      for (const what of takes) this.#taken.delete(what);
      return;
    }
  }

  #victim({ role }: Fault, leader: string | undefined): string | undefined {
    if (role === 'leader') return leader;
    const others = this.#stand.names.filter(name => name !== leader);
    return others[this.#random.below(others.length)];
  }
}

function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  const left = [...items];
  return items.map(() => left.splice(random.below(left.length), 1)[0] as Item);
}

/** The state of each, once all have applied the same; whatever they have where that does not come about. */
async function agreement(stand: Stand): Promise<ReadonlyMap<string, NodeState>> {
  const states = new Map<string, NodeState>();
  const agree = async (): Promise<boolean> => {
    for (const name of stand.names) {
      const state = (await stand.node(name).ask({ do: 'state' }, 5000)) as NodeState | undefined;
      if (state === undefined) return false;
      states.set(name, state);
    }
    const [first, ...rest] = states.values();
    return rest.every(({ applied, committed }) => applied === first?.committed && committed === applied);
  };
  // Who has failed agrees with nobody; what the others have may still tell more.
  if (!(await becomes(agree, stand.wrongs.length === 0 ? agreeWithinMs : 0))) {
    const places = [...states].map(([name, { applied, committed }]) => `${name} ${applied} of ${committed}`);
    stand.wrongs.push(`They have not applied the same: ${places.join(', ')}`);
  }
  return states;
}

/** Finds what was lost, what was done twice or though it was refused, and where replicas differ. */
function compare(stand: Stand, { fates }: ClientsReport, states: ReadonlyMap<string, NodeState>): void {
  const [first] = states.values();
  for (const [name, { ledger }] of states) {
    for (const double of ledger.doubles) stand.wrongs.push(`${name} has applied ${double} twice`);
    if (ledger.hash !== first?.ledger.hash) stand.wrongs.push(`${name} has another history than the first`);
    for (const [worker, fate] of Object.entries(fates)) {
      const applied = new SequenceSet(ledger.applied[worker]);
      const asked = new SequenceSet(fate.asked);
      const all = (
        ranges: readonly SequenceRange[],
        what: string,
        isWrong: (number: number) => boolean,
      ): void => {
        const wrong = numbersIn(ranges).filter(isWrong);
        if (wrong.length > 0)
          stand.wrongs.push(`${name}: of ${worker} ${what}: ${wrong.slice(0, 10).join(', ')}`);
      };
      all(fate.acknowledged, 'was acknowledged and is lost', number => !applied.has(number));
      all(fate.refused, 'was refused and is applied', number => applied.has(number));
      all(applied.toJSON(), 'was never asked for', number => !asked.has(number));
    }
  }
}

function numbersIn(ranges: readonly SequenceRange[]): readonly number[] {
  return ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, at) => from + at));
}
