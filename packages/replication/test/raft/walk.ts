import { type NodeId, type Random, seededRandom } from '@quorate/core';
import type { Effects } from '../../src/raft/effects.ts';
import { entryKind } from '../../src/raft/entry-kind.ts';
import type { MemberChange, Membership, MembershipChange } from '../../src/raft/membership.ts';
import type { RaftMessage } from '../../src/raft/raft-message.ts';
import { WalkChecks } from './walk-checks.ts';
import { WalkNode } from './walk-node.ts';

const names = ['a', 'b', 'c', 'd', 'e'] as NodeId[];

/** How a walk differs from the next. */
export interface WalkOptions {
  readonly seed: number;
  readonly steps: number;
  readonly leases: boolean;
  readonly memberships: boolean;
  /** The founding voters. Default: 1, 3 or 5. */
  readonly voters?: number;
  /** Of 20 messages so many are lost, beside those on broken links. Default 1. */
  readonly lost?: number;
  /** Of 100 steps so many crash a node, beside the disturbances. Default 0. */
  readonly crashes?: number;
  /** Of 100 steps so many ask for a change of membership, beside the disturbances. Default 0. */
  readonly churn?: number;
  /** Of the steps in which a disk could finish a write, it does so in one of so many. Default 1. */
  readonly slowDisks?: number;
}

/** What a walk came to, so that a test can see that it went anywhere. */
export interface WalkResult {
  readonly applied: number;
  readonly reads: number;
  readonly elections: number;
  readonly crashes: number;
  readonly changes: number;
}

/**
 * A random walk through the states of a cluster: messages are lost, doubled and reordered, disks are slow, nodes crash and
 * forget what was not durable, links break one way or both, logs are compacted, members change. After it everything is
 * mended, and the cluster has to come to agree within a bounded number of rounds.
 *
 * Every draw follows from the seed. Throws when a property is broken.
 */
export class Walk {
  readonly #random: Random;
  readonly #options: WalkOptions;
  readonly #nodes: readonly WalkNode[];
  readonly #checks: WalkChecks;
  #bag: RaftMessage[] = [];
  readonly #cut = new Set<string>();
  /** From 0, nothing but trouble, to 3, when work gets done between the troubles. */
  readonly #calm: number;
  #reads = 0;
  #proposals = 0;
  #elections = 0;
  #crashes = 0;
  #changes = 0;

  constructor(options: WalkOptions) {
    this.#options = options;
    this.#random = seededRandom(String(options.seed));
    this.#calm = this.#random.below(4);
    const votersCount = options.voters ?? 1 + 2 * this.#random.below(3);
    const founding: Membership = {
      voters: names.slice(0, votersCount),
      votersOutgoing: [],
      learners: [],
      learnersNext: [],
      autoLeave: false,
    };
    this.#checks = new WalkChecks(founding);
    const raftOptions = {
      electionTicks: 6 + this.#random.below(6),
      preVote: this.#random.below(3) > 0,
      checkQuorum: options.leases || this.#random.below(3) > 0,
      leaseReads: options.leases,
      leaseMarginTicks: 1,
      appendBytesMax: this.#random.below(2) === 0 ? 3 : 1000,
      inflightMax: 1 + this.#random.below(4),
      inflightBytesMax: this.#random.below(2) === 0 ? 2 : 1000,
      uncommittedBytesMax: this.#random.below(2) === 0 ? 5 : 1000,
      tailBytesMax: this.#random.below(2) === 0 ? 0 : 100,
      applyBeforeDurable: this.#random.below(4) === 0,
      eagerAppend: this.#random.below(4) === 0,
    };
    const members = options.memberships ? names : names.slice(0, votersCount);
    this.#nodes = members.map(
      (id, at) =>
        new WalkNode(
          id,
          at < votersCount ? founding : undefined,
          raftOptions,
          this.#random.fork(id),
          this.#checks,
        ),
    );
  }

  run(): WalkResult {
    for (let step = 0; step < this.#options.steps; step++) {
      this.#stepOnce();
      for (const node of this.#nodes) this.#settle(node);
    }
    this.#mend();
    return {
      applied: this.#checks.appliedCount,
      reads: this.#checks.reads,
      elections: this.#elections,
      crashes: this.#crashes,
      changes: this.#changes,
    };
  }

  #stepOnce(): void {
    if (this.#calm > 0) this.#deliver();
    const node = this.#pick(this.#nodes);
    const { crashes = 0, churn = 0, slowDisks = 1 } = this.#options;
    if (this.#random.below(100) < churn) this.#change(this.#leaderOr(node));
    if (this.#random.below(100) < crashes && node.up) this.#crash(node);
    const dice = this.#random.below(100);
    if (dice < 45) this.#deliver();
    else if (dice < 60) this.#tick();
    else if (!node.up) this.#restart(node);
    else if (dice < 75) {
      if (this.#random.below(slowDisks) === 0) node.finishWrite();
    } else if (dice < 82) node.applyNext();
    else if (dice < 85) node.answerFetch();
    else if (dice < 91) this.#propose(this.#leaderOr(node));
    else if (dice < 93) this.#read(node);
    else if (this.#random.below(4) >= this.#calm) this.#disturb(node, this.#random.below(70));
  }

  #disturb(node: WalkNode, dice: number): void {
    if (dice < 6) this.#crash(node);
    else if (dice < 18) this.#breakLinks();
    else if (dice < 30) this.#cut.clear();
    else if (dice < 38) node.compact(this.#random.below(4));
    else if (dice < 44 && this.#options.memberships) this.#change(this.#leaderOr(node));
    else if (dice < 48) this.#leaderOr(node).raft.transferLeadership(this.#pick(this.#nodes).id);
    else if (dice < 51) node.raft.campaign();
    else if (dice < 54) node.raft.forgetLeader();
    else if (dice < 58) node.raft.reportUnreachable(this.#pick(this.#nodes).id);
    else if (dice < 61) node.raft.snapshotSent(this.#pick(this.#nodes).id, this.#random.below(2) === 0);
    else if (dice < 63) node.raft.stepDown();
    else if (dice < 65) node.raft.paused();
  }

  #crash(node: WalkNode): void {
    node.crash();
    this.#crashes++;
  }

  /** Takes a message out of the bag, anywhere in it, and delivers it, loses it, or delivers it and keeps it. */
  #deliver(): void {
    if (this.#bag.length === 0) return;
    // Mostly in order, as networks are; now and then from anywhere.
    const at = this.#random.below(4) === 0 ? this.#random.below(this.#bag.length) : 0;
    const message = this.#bag[at];
    if (message === undefined) return;
    const fate = this.#random.below(20);
    if (fate !== 0) this.#bag.splice(at, 1);
    const isLost = fate > 0 && fate <= (this.#options.lost ?? 1);
    if (isLost || this.#cut.has(`${message.from} ${message.to}`)) return;
    const node = this.#nodes.find(({ id }) => id === message.to);
    if (node?.up === true) node.raft.step(message);
  }

  /** Clocks run alike up to a tick, which is what a lease's margin is for. */
  #tick(): void {
    const up = this.#nodes.filter(node => node.up);
    const slowest = Math.min(...up.map(({ ticks }) => ticks));
    const behind = up.filter(({ ticks }) => ticks === slowest);
    if (behind.length === 0) return;
    const node = this.#pick(behind);
    node.ticks++;
    node.raft.tick();
  }

  #restart(node: WalkNode): void {
    node.ticks = Math.max(...this.#nodes.map(({ ticks }) => ticks));
    node.restart();
  }

  #propose(node: WalkNode): void {
    const count = 1 + this.#random.below(3);
    const proposals = Array.from({ length: count }, () => {
      this.#proposals++;
      return {
        kind: entryKind.command,
        payload: Uint8Array.of(this.#proposals & 0xff, this.#proposals >> 8),
      };
    });
    node.raft.propose(proposals);
  }

  #read(node: WalkNode): void {
    this.#reads++;
    this.#checks.asksToRead(node, this.#reads);
    node.raft.readIndex(this.#reads);
  }

  #change(node: WalkNode): void {
    const count = this.#random.below(4);
    const changes: MemberChange[] = Array.from({ length: count }, () => ({
      change: this.#pick(['voter', 'voter', 'learner', 'remove'] as const),
      node: this.#pick(names),
    }));
    const transition = this.#pick<MembershipChange['transition']>([
      'auto',
      'auto',
      'joint-implicit',
      'joint-explicit',
    ]);
    if (node.raft.changeMembership({ transition, changes }).accepted) this.#changes++;
  }

  #breakLinks(): void {
    for (const from of names) {
      for (const to of names) if (this.#random.below(4) === 0) this.#cut.add(`${from} ${to}`);
    }
  }

  /** Takes a node's effects, and looks at each. */
  #settle(node: WalkNode): void {
    if (!node.up) return;
    for (let effects = takeEffects(node); effects !== undefined; effects = takeEffects(node)) {
      for (const message of effects.messages) {
        this.#checks.sends(node, message);
        this.#bag.push(message);
      }
      if (effects.write !== undefined) {
        this.#checks.writes(node, effects.write);
        node.writes.push(effects.write);
      }
      if (effects.committed !== undefined) node.committed.push(effects.committed);
      node.fetches.push(...effects.fetches);
      for (const { id, index } of effects.reads) this.#checks.answersRead(node, id, index);
      if (effects.snapshotWanted) node.compact(2);
      if (effects.roleChange?.role === 'leader') {
        this.#elections++;
        this.#checks.becomesLeader(node);
      }
    }
    this.#checks.observes(node);
  }

  /** No faults any more: within a bounded number of rounds there is a leader, and it commits and applies something new. */
  #mend(): void {
    this.#cut.clear();
    for (const node of this.#nodes) if (!node.up) this.#restart(node);
    const goal = this.#checks.committed + 1;
    for (let round = 0; round < 3_000; round++) {
      for (const node of this.#nodes) {
        node.raft.tick();
        while (node.writes.length > 0) node.finishWrite();
        while (node.committed.length > 0) node.applyNext();
        while (node.fetches.length > 0) node.answerFetch();
        this.#settle(node);
      }
      if (round % 10 === 9) this.#reportSnapshots();
      const bag = this.#bag;
      this.#bag = [];
      for (const message of bag) {
        const node = this.#nodes.find(({ id }) => id === message.to);
        node?.raft.step(message);
        if (node !== undefined) this.#settle(node);
      }
      if (round % 20 === 19 && round < 100)
        for (const node of this.#nodes) if (node.raft.isLeader) this.#propose(node);
      if (round > 100 && this.#agreed(goal)) return;
    }
    const states = this.#nodes.map(({ raft }) => JSON.stringify(raft.status())).join('\n');
    throw new Error(`No agreement on ${goal} after everything was mended\n${states}`);
  }

  /** A host reports every snapshot's fate. */
  #reportSnapshots(): void {
    for (const { raft } of this.#nodes) {
      for (const { id, state } of raft.status().progress) {
        if (state === 'snapshot') raft.snapshotSent(id, this.#random.below(2) === 0);
      }
    }
  }

  /** Whether every member of the leader's membership has applied what the leader has committed. */
  #agreed(goal: number): boolean {
    const leader = this.#nodes.find(({ raft }) => raft.isLeader && raft.status().committed >= goal);
    if (leader === undefined) return false;
    const { committed, membership } = leader.raft.status();
    const ids = [...membership.voters, ...membership.votersOutgoing, ...membership.learners];
    return this.#nodes.every(node => !ids.includes(node.id) || node.applied >= committed);
  }

  /** Who believes to lead, most of the time: others only refuse. */
  #leaderOr(node: WalkNode): WalkNode {
    const leaders = this.#nodes.filter(({ up, raft }) => up && raft.isLeader);
    return leaders.length === 0 || this.#random.below(5) === 0 ? node : this.#pick(leaders);
  }

  #pick<T>(items: readonly T[]): T {
    const item = items[this.#random.below(items.length)];
    if (item === undefined) throw new Error('Nothing to pick from');
    return item;
  }
}

/** What a node says beforehand of whether there are any is held against it. */
function takeEffects({ raft, id }: WalkNode): Effects | undefined {
  const said = raft.anyEffects;
  const effects = raft.takeEffects();
  if (!said && effects !== undefined)
    throw new Error(`${id} says that nothing is to be done, and asks for it`);
  return effects;
}
