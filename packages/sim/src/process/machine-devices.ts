import { type Disk, type Journal, QuorateError, type Store } from '@quorate/core';
import { openSimDisk, type SimDiskOptions, SimDiskState } from '../disk/sim-disk.ts';
import { HostDevice } from '../engine/host-device.ts';
import type { Incarnation } from '../engine/incarnation.ts';
import type { World } from '../engine/world.ts';
import type { AllowedFaults } from '../faults/allowed-faults.ts';
import type { Swarm } from '../faults/swarm.ts';
import type { Host } from './host.ts';
import type { HostDevices } from './sim-env.ts';

/** The devices of one host: what of them outlives a crash, and how each start of the host opens them. */
export class MachineDevices {
  /** Told how long each operation of a disk takes, as it begins. */
  onDiskWork: ((delayUs: number) => void) | undefined = undefined;
  readonly #world: World;
  readonly #host: Host;
  readonly #disk: SimDiskState = new SimDiskState();
  readonly #diskOptions: SimDiskOptions;
  readonly #crash: { readonly tornChance: number; readonly rotChance: number };

  constructor(world: World, host: Host, allowed: AllowedFaults, swarm: Swarm) {
    this.#world = world;
    this.#host = host;
    this.#diskOptions = {
      slowChance: 0.05 * swarm.force('disk-latency'),
      slowMaxUs: (allowed.disk.latencyMaxMs ?? 0) * 1000,
      syncFailureChance: 0.02 * swarm.force('sync-failures'),
    };
    this.#crash = { tornChance: Math.max(0.05, swarm.force('torn')), rotChance: 0.2 * swarm.force('rot') };
  }

  crash(): void {
    this.#disk.crash(this.#host.dice, this.#crash);
  }

  fill(full: boolean): void {
    this.#disk.full = full;
  }

  open(life: Incarnation): HostDevices {
    const disk = (): HostDevice =>
      new HostDevice(this.#world, life, this.#host.dice, this.#host.name, delayUs =>
        this.onDiskWork?.(delayUs),
      );
    return {
      disk: (): Disk => openSimDisk(disk(), this.#disk, this.#diskOptions),
      journal: (): Journal => missing('journal'),
      store: (): Store => missing('store'),
    };
  }
}

function missing(what: string): never {
  throw new QuorateError('UNSUPPORTED', `The simulator has no ${what} yet`, { outcome: 'not-applied' });
}
