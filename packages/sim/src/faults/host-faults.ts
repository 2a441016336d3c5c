import type { Random } from '@quorate/core';
import type { World } from '../engine/world.ts';
import type { Machine } from '../process/machine.ts';
import type { AllowedFaults } from './allowed-faults.ts';
import type { Episodes, Strike } from './episodes.ts';
import type { Swarm } from './swarm.ts';

/** How long a node stays down, from a quick restart to a repair. */
const downMinMs = 5;
const downMaxMs = 10_000;

/** What strikes single nodes: crashes, pauses, clocks that are set, disks that are full. */
export class HostFaults {
  readonly #world: World;
  readonly #episodes: Episodes;
  readonly #nodes: readonly Machine[];
  readonly #allowed: AllowedFaults;
  readonly #swarm: Swarm;

  constructor(
    world: World,
    episodes: Episodes,
    nodes: readonly Machine[],
    allowed: AllowedFaults,
    swarm: Swarm,
  ) {
    this.#world = world;
    this.#episodes = episodes;
    this.#nodes = nodes;
    this.#allowed = allowed;
    this.#swarm = swarm;
  }

  plan(safetyMs: number): void {
    const { process, clock } = this.#allowed;
    this.#schedule('crashes', 'crash', { safetyMs, gapMs: 3_000, longMs: downMaxMs }, random =>
      this.#crash(this.#pickSome(random)),
    );
    this.#schedule('pauses', 'pause', { safetyMs, gapMs: 2_000, longMs: process.pauseMaxMs }, random =>
      pause(this.#pick(random)),
    );
    this.#schedule('jumps', 'jump', { safetyMs, gapMs: 3_000, longMs: 10 }, random =>
      jump(this.#pick(random), clock.jumpMaxMs, random),
    );
    this.#schedule('full', 'full', { safetyMs, gapMs: 5_000, longMs: 10_000 }, random =>
      fill(this.#pick(random)),
    );
    for (const node of this.#nodes) this.#setClock(node);
    if (this.#swarm.has('disk-crashes')) this.#crashWithinDisks();
  }

  #schedule(
    kind: string,
    name: string,
    times: { readonly safetyMs: number; readonly gapMs: number; readonly longMs: number },
    strike: (random: Random) => Strike | undefined,
  ): void {
    if (!this.#swarm.has(kind)) return;
    const { safetyMs, gapMs, longMs } = times;
    const meanGapMs = gapMs / this.#swarm.force(kind);
    const durationMinMs = Math.min(downMinMs, longMs);
    this.#episodes.schedule(
      { kind: name, safetyMs, meanGapMs, durationMinMs, durationMaxMs: longMs },
      strike,
    );
  }

  #pick(random: Random): Machine {
    return this.#nodes[random.below(this.#nodes.length)] as Machine;
  }

  /** Crashes at random times seldom hit the short time between a write and its sync; these do nothing else. */
  #crashWithinDisks(): void {
    const { tape } = this.#world;
    const probability = 0.05 * this.#swarm.force('disk-crashes');
    for (const node of this.#nodes) {
      const { name } = node.host;
      const strikes = tape.draw(`crash/disk/${name}`);
      const times = tape.random(`crash/time/${name}`);
      node.devices.onDiskWork = delayUs => {
        const share = times.float();
        const downMs = downMinMs * 2 ** times.below(10);
        if (!this.#world.faulty || !strikes.chance(probability)) return;
        this.#world.at(this.#world.nowUs + Math.floor(delayUs * share), () => {
          const strike = this.#world.faulty ? this.#crash([node]) : undefined;
          if (strike !== undefined) this.#episodes.strike('crash', strike, downMs * 1000);
        });
      };
    }
  }

  /** One node, and now and then some others: a power failure, or a mistake that spreads. */
  #pickSome(random: Random): readonly Machine[] {
    const first = this.#pick(random);
    if (random.below(4) > 0) return [first];
    return [first, ...this.#nodes.filter(node => node !== first && random.below(2) === 0)];
  }

  /** Crashes those that run, as far as enough others stay up. */
  #crash(nodes: readonly Machine[]): Strike | undefined {
    const down = this.#nodes.filter(({ host }) => host.incarnation === undefined).length;
    const struck = nodes
      .filter(({ host }) => host.incarnation !== undefined)
      .slice(0, Math.max(0, this.#allowed.process.downMax - down));
    if (struck.length === 0) return undefined;
    for (const node of struck) node.crash();
    const world = this.#world;
    return {
      nodes: struck.map(({ host }) => host.name),
      end: () => {
        for (const node of struck) world.at(world.nowUs, () => node.start());
      },
    };
  }

  #setClock({ host }: Machine): void {
    const { tape, nowUs } = this.#world;
    const { skewMaxMs = 0, driftMax = 0 } = this.#allowed.clock;
    if (this.#swarm.has('skew')) {
      const skewMs = tape.between(`clock/skew/${host.name}`, 0, Math.floor(skewMaxMs));
      host.time.stepWall(signOf(tape.random(`clock/skew-sign/${host.name}`)) * skewMs);
    }
    if (this.#swarm.has('drift')) {
      const perMillion = tape.between(`clock/drift/${host.name}`, 0, Math.floor(driftMax * 1e6));
      const sign = signOf(tape.random(`clock/drift-sign/${host.name}`));
      host.time.setRate(nowUs, 1 + (sign * perMillion) / 1e6);
    }
  }
}

function signOf(random: Random): number {
  return random.below(2) === 0 ? -1 : 1;
}

function pause({ host }: Machine): Strike | undefined {
  const end = host.pause();
  return end === undefined ? undefined : { nodes: [host.name], end };
}

function jump({ host, world }: Machine, maxMs: number, random: Random): Strike {
  // Each power of two is as likely as the next: seconds matter as much as hours.
  const byMs = signOf(random) * Math.floor((maxMs / 2 ** random.below(12)) * random.float());
  host.time.stepWall(byMs);
  world.trace(host.lane, { type: 'clock', action: 'jump', byMs });
  return { nodes: [host.name] };
}

function fill({ host, devices }: Machine): Strike | undefined {
  if (devices.full) return undefined;
  devices.fill(true);
  return { nodes: [host.name], end: () => devices.fill(false) };
}
