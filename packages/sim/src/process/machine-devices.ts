import type { Clock, Disk, Journal, Store } from '@quorate/core';
import { openSimDisk, type SimDiskOptions, SimDiskState } from '../disk/sim-disk.ts';
import { HostDevice } from '../engine/host-device.ts';
import type { Incarnation } from '../engine/incarnation.ts';
import type { World } from '../engine/world.ts';
import type { AllowedFaults } from '../faults/allowed-faults.ts';
import type { Swarm } from '../faults/swarm.ts';
import { openSimJournal, type SimJournalOptions, SimJournalState } from '../journal/sim-journal.ts';
import { openSimStore, type SimStoreOptions, type SimStoreService } from '../store/sim-store.ts';
import type { Host } from './host.ts';
import type { HostDevices } from './sim-env.ts';

/** The devices of one host: what of them outlives a crash, and how each start of the host opens them. */
export class MachineDevices {
  /** Told how long each operation of a disk takes, as it begins. */
  onDiskWork: ((delayUs: number) => void) | undefined = undefined;
  readonly #world: World;
  readonly #host: Host;
  readonly #disk: SimDiskState = new SimDiskState();
  readonly #journal: SimJournalState = new SimJournalState();
  readonly #service: SimStoreService;
  readonly #disks: SimDiskOptions & Omit<SimJournalOptions, 'clock'>;
  readonly #links: Omit<SimStoreOptions, 'clock'>;
  readonly #crash: { readonly tornChance: number; readonly rotChance: number };

  constructor(world: World, host: Host, service: SimStoreService, allowed: AllowedFaults, swarm: Swarm) {
    this.#world = world;
    this.#host = host;
    this.#service = service;
    this.#disks = {
      slowChance: 0.05 * swarm.force('disk-latency'),
      slowMaxUs: (allowed.disk.latencyMaxMs ?? 0) * 1000,
      syncFailureChance: 0.02 * swarm.force('sync-failures'),
    };
    this.#links = {
      refusedChance: 0.05 * swarm.force('resets'),
      requestLossChance: 0.05 * swarm.force('loss'),
      answerLossChance: 0.05 * swarm.force('loss'),
      lateChance: 0.05 * swarm.force('clogs'),
      resyncChance: 0.05 * swarm.force('resets'),
    };
    this.#crash = { tornChance: Math.max(0.05, swarm.force('torn')), rotChance: 0.2 * swarm.force('rot') };
  }

  crash(): void {
    this.#disk.crash(this.#host.dice, this.#crash);
    this.#journal.crash(this.#host.dice);
  }

  get full(): boolean {
    return this.#disk.full;
  }

  fill(full: boolean): void {
    this.#disk.full = full;
    this.#journal.full = full;
  }

  open(life: Incarnation): HostDevices {
    const device = (onWork?: (delayUs: number) => void): HostDevice =>
      new HostDevice(this.#world, life, this.#host.dice, this.#host.name, onWork);
    const onWork = (delayUs: number): void => this.onDiskWork?.(delayUs);
    return {
      disk: (): Disk => openSimDisk(device(onWork), this.#disk, this.#disks),
      journal: (clock: Clock): Journal =>
        openSimJournal(device(onWork), this.#journal, { ...this.#disks, clock }),
      store: (clock: Clock): Store => openSimStore(device(), this.#service, { ...this.#links, clock }),
    };
  }
}
