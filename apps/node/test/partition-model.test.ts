import { defaultLimits } from '@quorate/node';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Page } from '../src/outbox.ts';
import { Partition } from '../src/partition.ts';
import type { Member, ViewRecord } from '../src/view.ts';

/**
 * The protocol of the handover against the simplest model there is, a Map, in any order that messages can take.
 *
 * Nodes are partitions without a network. Each step is one message or one client's operation; views reach the nodes one by
 * one, in any order; pages are pulled in one step and arrive in another, perhaps much later, perhaps after a crash.
 */
type Step =
  | { kind: 'put' | 'get' | 'delete'; node: number; key: number }
  | { kind: 'tell'; node: number }
  | { kind: 'pull'; node: number; source: number }
  | { kind: 'arrive'; message: number }
  | { kind: 'join' }
  | { kind: 'leave'; node: number }
  | { kind: 'crash'; node: number }
  | { kind: 'settle' };

const keyCount = 40;

class Simulation {
  readonly nodes = new Map<string, Partition>();
  readonly mail: { to: string; keys: Set<string>; deliver: () => void }[] = [];
  /** What a key holds; `undefined` nothing; a key in `doubtful` may have gone with a dead node, until it is looked at. */
  readonly model = new Map<string, string>();
  readonly doubtful = new Set<string>();
  readonly versions = new Map<string, number>();
  views: ViewRecord[] = [];
  settled = true;
  started = 0;
  writes = 0;
  served = 0;
  pulled = 0;

  constructor() {
    const members = [this.#start(), this.#start(), this.#start()];
    this.views.push({ epoch: 1, members, base: members, lost: [] });
    for (const node of this.nodes.values()) node.adopt(this.view);
    this.settle();
  }

  get view(): ViewRecord {
    return this.views.at(-1) as ViewRecord;
  }

  run(step: Step): void {
    if (step.kind === 'put' || step.kind === 'get' || step.kind === 'delete')
      this.operate(step.kind, step.node, step.key);
    else if (step.kind === 'tell') this.#catchUp(this.#pick(step.node));
    else if (step.kind === 'pull') this.#pull(this.#pick(step.node), step.source);
    else if (step.kind === 'arrive')
      this.mail.splice(step.message % Math.max(1, this.mail.length), 1)[0]?.deliver();
    else if (step.kind === 'settle') this.settle();
    else if (step.kind === 'crash') this.#crash(this.#pick(step.node));
    else if (this.settled) this.#plan(step.kind === 'join' ? undefined : this.#pick(step.node));
  }

  /** A client's operation at some node: done where the key is, as the router would, or refused. */
  operate(kind: 'put' | 'get' | 'delete', at: number, number: number): void {
    const key = `key-${number}`;
    let [id, node] = this.#pick(at);
    for (let hop = 0; hop < 8; hop++) {
      if (node.epoch === 0) return;
      const place = node.placeOf(key);
      if (place.kind === 'here') return this.#check(kind, key, node);
      if (place.kind === 'pending') this.#pullKey(id, node, place.source, key);
      else {
        const owner = this.nodes.get(place.owner);
        if (owner === undefined) return;
        if (owner.epoch < node.epoch) this.#catchUp([place.owner, owner]);
        id = place.owner;
        node = owner;
      }
    }
  }

  settle(): boolean {
    const done = [...this.nodes.values()].every(
      node => node.epoch === this.view.epoch && node.openSources.length === 0,
    );
    if (!done) return false;
    for (const [id, node] of this.nodes) {
      node.settle(this.view.epoch);
      if (!this.view.members.some(member => member.id === id)) this.nodes.delete(id);
    }
    this.settled = true;
    return true;
  }

  /** Delivers everything that is still to come. */
  finish(): void {
    for (let round = 0; round < 200; round++) {
      for (const [id, node] of this.nodes) {
        this.#catchUp([id, node]);
        for (const _source of node.openSources) this.#pull([id, node], 0);
      }
      for (const { deliver } of this.mail.splice(0)) deliver();
      if (this.settle()) return;
    }
    throw new Error('The handover never settled');
  }

  #check(kind: 'put' | 'get' | 'delete', key: string, node: Partition): void {
    this.served++;
    const value = `value ${++this.writes}`;
    const reply = node.apply(kind === 'put' ? { kind, key, value: Buffer.from(value) } : { kind, key });
    if (reply.kind === 'stored' || reply.kind === 'deleted') {
      expect(reply.version).toBeGreaterThan(this.versions.get(key) ?? 0);
      this.versions.set(key, reply.version);
      this.doubtful.delete(key);
      if (kind === 'put') this.model.set(key, value);
      else this.model.delete(key);
      return;
    }
    const found = reply.kind === 'found' ? Buffer.from(reply.value).toString() : undefined;
    if (found === undefined && this.doubtful.has(key)) this.model.delete(key);
    this.doubtful.delete(key);
    expect({ key, found }).toEqual({ key, found: this.model.get(key) });
  }

  #pullKey(id: string, node: Partition, sourceId: string, key: string): void {
    const source = this.nodes.get(sourceId);
    if (source === undefined || !this.#sameView(node, source)) return;
    this.pulled++;
    node.takeInKeys(sourceId, node.epoch, [key], source.handOverKeys(id, [key]));
  }

  #pull([id, node]: [string, Partition], pick: number): void {
    const sourceId = node.openSources[pick % Math.max(1, node.openSources.length)] ?? '';
    const source = this.nodes.get(sourceId);
    const cursor = node.cursorOf(sourceId);
    if (source === undefined || cursor === undefined || !this.#sameView(node, source)) return;
    const page: Page = source.handOver(id, cursor, 3, 1e9);
    const { epoch } = node;
    const deliver = (): void => {
      if (this.nodes.has(id)) node.takeIn(sourceId, epoch, page);
    };
    this.mail.push({ to: id, keys: new Set(page.entries.map(([key]) => key)), deliver });
  }

  /** The old owner adopts the puller's view before it answers; a puller that is behind is refused. */
  #sameView(node: Partition, source: Partition): boolean {
    const record = this.views[node.epoch - 1];
    if (record === undefined || source.epoch + 1 < node.epoch) return false;
    source.adopt(record);
    return source.epoch === node.epoch;
  }

  #catchUp([, node]: [string, Partition]): void {
    const next = this.views[node.epoch === 0 ? this.views.length - 1 : node.epoch];
    if (next !== undefined) node.adopt(next);
  }

  #plan(leaving: [string, Partition] | undefined): void {
    const { members } = this.view;
    const next =
      leaving === undefined ? [...members, this.#start()] : members.filter(({ id }) => id !== leaving[0]);
    if (next.length === 0 || next.length > 6) return;
    this.settled = false;
    this.views.push({ epoch: this.views.length + 1, members: next, base: members, lost: [] });
  }

  /** Whether the only copy of a key can be with this node: it owns the key now, or did when the change began. */
  #mayHold(id: string, node: Partition, key: string, witness: Partition): boolean {
    const { view } = witness;
    if (!this.settled && view.baseOwner(key) === id) return true;
    if (view.owner(key) !== id) return false;
    const onTheWay = this.mail.some(({ to, keys }) => to === id && keys.has(key));
    // What it has not pulled yet is still with the old owner, and has to survive.
    return onTheWay || (node.epoch > 0 && node.placeOf(key).kind === 'here');
  }

  #crash([id, node]: [string, Partition]): void {
    const { members, base, lost } = this.view;
    const left = members.filter(member => member.id !== id);
    if (left.length === 0) return;
    this.nodes.delete(id);
    const crashed = this.settled
      ? { epoch: this.views.length + 1, members: left, base: members, lost: [id] }
      : { epoch: this.views.length + 1, members: left, base, lost: [...lost, id] };
    const witness = new Partition('witness', defaultLimits);
    witness.adopt(this.view);
    for (let number = 0; number < keyCount; number++) {
      const key = `key-${number}`;
      if (this.#mayHold(id, node, key, witness)) this.doubtful.add(key);
    }
    this.settled = false;
    this.views.push(crashed);
  }

  #start(): Member {
    const id = `n${++this.started}`;
    this.nodes.set(id, new Partition(id, defaultLimits));
    return { id, url: `http://127.0.0.1:${8000 + this.started}` };
  }

  #pick(number: number): [string, Partition] {
    const all = [...this.nodes];
    return all[number % all.length] as [string, Partition];
  }
}

const node = fc.nat(5);
const key = fc.nat(keyCount - 1);
const weighted = (weight: number, arbitrary: fc.Arbitrary<Step>) => ({ weight, arbitrary });
const steps = fc.array(
  fc.oneof(
    weighted(8, fc.record({ kind: fc.constantFrom('put', 'get', 'delete'), node, key })),
    weighted(5, fc.record({ kind: fc.constant('put'), node, key })),
    weighted(4, fc.record({ kind: fc.constant('tell'), node })),
    weighted(4, fc.record({ kind: fc.constant('pull'), node, source: fc.nat(3) })),
    weighted(4, fc.record({ kind: fc.constant('arrive'), message: fc.nat(7) })),
    weighted(1, fc.record({ kind: fc.constant('join') })),
    weighted(1, fc.record({ kind: fc.constant('leave'), node })),
    weighted(1, fc.record({ kind: fc.constant('crash'), node })),
    weighted(2, fc.record({ kind: fc.constant('settle') })),
  ) as fc.Arbitrary<Step>,
  { minLength: 40, maxLength: 250 },
);

test('whatever the order of messages, crashes and operations, a key is never lost, stale or served twice', () => {
  let served = 0;
  let pulled = 0;
  fc.assert(
    fc.property(steps, script => {
      const simulation = new Simulation();
      for (let number = 0; number < keyCount; number++) simulation.operate('put', number, number);
      for (const step of script) simulation.run(step);
      simulation.finish();
      for (let number = 0; number < keyCount; number++) {
        for (let at = 0; at < simulation.nodes.size; at++) simulation.operate('get', at, number);
      }
      served += simulation.served;
      pulled += simulation.pulled;
    }),
    { numRuns: 300 },
  );
  // It would prove nothing if nobody had been served, or nothing had ever been on its way.
  expect(served).toBeGreaterThan(10_000);
  expect(pulled).toBeGreaterThan(100);
});
