import { type Random, sleep, systemClock } from '@quorate/core';
import type { Direction } from './mesh.ts';
import { clientsName } from './node-task.ts';
import { electionTimeoutMs, type Stand } from './stand.ts';
import { becomes } from './told-process.ts';

/** Whom something happens to. */
export type Role = 'leader' | 'follower';

/** Something that happens to a group. */
export interface Fault {
  readonly name: string;
  readonly role: Role;
  /** Of what there is only one to be broken at a time; a replica is broken by one at a time anyway. */
  readonly needs?: 'network' | 'disk' | 'everybody';
  /** Begins and ends it. @returns false where it had no effect, so that it has yet to happen */
  run(stand: Stand, victim: string, random: Random): Promise<boolean>;
}

/** From half an election timeout up to four: some pass unnoticed, some cost leadership, some connections as well. */
function duration(random: Random): number {
  return electionTimeoutMs * (0.5 + random.float() * 3.5);
}

/** Past what anybody waits before there is a new leader. */
function longDuration(random: Random): number {
  return electionTimeoutMs * (3 + random.float() * 3);
}

function pass(ms: number): Promise<void> {
  return sleep(systemClock, ms);
}

function kill(role: Role): Fault {
  return {
    name: `kill -9 of a ${role}`,
    role,
    async run(stand, victim, random) {
      await stand.node(victim).kill();
      await pass(duration(random));
      await stand.start(victim);
      return true;
    },
  };
}

const killEverybody: Fault = {
  name: 'kill -9 of everybody',
  role: 'leader',
  needs: 'everybody',
  async run(stand, _victim, random) {
    await Promise.all(stand.names.map(name => stand.node(name).kill()));
    await Promise.all(
      stand.names.map(async name => {
        await pass(random.below(electionTimeoutMs));
        await stand.start(name);
      }),
    );
    return true;
  },
};

function stop(role: Role): Fault {
  return {
    name: `SIGSTOP of a ${role}`,
    role,
    async run(stand, victim, random) {
      await stand.node(victim).pause();
      await pass(longDuration(random));
      await stand.node(victim).goOn();
      return true;
    },
  };
}

/** Whoever stands still is not asked for anything, so the question is answered when it is over. */
function stall(role: Role, what: 'stall' | 'stallDisk'): Fault {
  return {
    name: `a ${role}'s ${what === 'stall' ? 'event loop' : 'disk'} that stalls`,
    role,
    async run(stand, victim, random) {
      const forMs = longDuration(random);
      await stand.node(victim).ask({ do: what, forMs }, forMs * 4);
      if (what === 'stallDisk') await pass(forMs);
      return true;
    },
  };
}

function fullDisk(role: Role): Fault {
  return {
    name: `a ${role}'s disk that is full`,
    role,
    needs: 'disk',
    async run(stand, victim, random) {
      const node = stand.node(victim);
      const over = new AbortController();
      const filling = stand.volumes.areMounted
        ? stand.volumes.fill(victim, over.signal)
        : node.ask({ do: 'fill', isFull: true }, electionTimeoutMs);
      // Its log has room for a while.
      const isFull = async (): Promise<boolean> => (await stand.status(victim))?.storage === 'full';
      const hasEffect = await becomes(isFull, 30_000);
      if (hasEffect) await pass(longDuration(random));
      over.abort();
      await filling;
      if (!stand.volumes.areMounted) await node.ask({ do: 'fill', isFull: false }, electionTimeoutMs);
      return hasEffect;
    },
  };
}

/** @param directions what is cut, of all that is said among replicas and by them to clients */
function cut(
  name: string,
  role: Role,
  directions: (victim: string, others: readonly string[], random: Random) => readonly Direction[],
): Fault {
  return {
    name,
    role,
    needs: 'network',
    async run(stand, victim, random) {
      const others = stand.names.filter(other => other !== victim);
      const chosen = directions(victim, others, random);
      stand.mesh.cut(chosen);
      await pass(random.below(2) === 0 ? duration(random) : longDuration(random));
      stand.mesh.heal(chosen, random.below(2) === 0);
      return true;
    },
  };
}

const from = (victim: string, others: readonly string[]): Direction[] =>
  others.map(other => [victim, other] as const);
const to = (victim: string, others: readonly string[]): Direction[] =>
  others.map(other => [other, victim] as const);

/**
 * The replica with the slowest clock leads and is cut off from the others, not from clients: it believes longest that it still
 * leads, while the others soon have another leader. What it answers by its lease then is old, unless that ended before.
 */
export const slowLeaderCutOff: Fault = {
  name: 'a leader with the slowest clock that is cut off',
  role: 'leader',
  needs: 'network',
  async run(stand, leader, random) {
    const [slowest = leader] = stand.names;
    if (leader !== slowest) {
      const isDone = await stand.node(leader).ask({ do: 'handOver', to: slowest }, 3000);
      if (isDone !== true) return false;
      // It holds no lease yet.
      await pass(electionTimeoutMs / 2);
    }
    const others = stand.names.filter(other => other !== slowest);
    const chosen = [...from(slowest, others), ...to(slowest, others)];
    stand.mesh.cut(chosen);
    await pass(electionTimeoutMs * (1.5 + random.float()));
    stand.mesh.heal(chosen, random.below(2) === 0);
    return true;
  },
};

/** All that happens, once. */
export const faults: readonly Fault[] = [
  kill('leader'),
  kill('follower'),
  killEverybody,
  stop('leader'),
  stop('follower'),
  stall('leader', 'stall'),
  stall('leader', 'stallDisk'),
  stall('follower', 'stallDisk'),
  fullDisk('leader'),
  fullDisk('follower'),
  cut('a leader that nobody hears', 'leader', from),
  cut('a leader that hears nobody', 'leader', to),
  cut('a leader that is cut off', 'leader', (victim, others) => [
    ...from(victim, others),
    ...to(victim, others),
  ]),
  cut('a follower that is cut off', 'follower', (victim, others) => [
    ...from(victim, others),
    ...to(victim, others),
  ]),
  cut('a follower that nobody hears', 'follower', from),
  cut('a leader that one follower does not hear', 'leader', (victim, others, random) => [
    [victim, others[random.below(others.length)] as string],
  ]),
  cut('a leader whose answers to clients are lost', 'leader', victim => [[victim, clientsName]]),
  slowLeaderCutOff,
];
