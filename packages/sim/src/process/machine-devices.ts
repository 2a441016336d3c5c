import type { Clock, Disk, Journal, QueueStore, Store } from '@quorate/core';
import { openSimDisk, type SimDiskOptions, SimDiskState } from '../disk/sim-disk.ts';
import { HostDevice } from '../engine/host-device.ts';
import type { Incarnation } from '../engine/incarnation.ts';
import type { World } from '../engine/world.ts';
import type { AllowedFaults } from '../faults/allowed-faults.ts';
import type { Swarm } from '../faults/swarm.ts';
import { openSimJournal, type SimJournalOptions, SimJournalState } from '../journal/sim-journal.ts';
import { openSimQueue } from '../queue/sim-queue.ts';
import { openSimStore, type SimStoreOptions } from '../store/sim-store.ts';
import type { Host } from './host.ts';
import type { HostDevices } from './sim-env.ts';
import type { StoreHost } from './store-host.ts';

/** The devices of one host: what of them outlives a crash, and how each start of the host opens them. */
export class MachineDevices {
  /** Told how long each operation of a disk takes, as it begins. */
  onDiskWork: ((delayUs: number) => void) | undefined = undefined;
  readonly #world: World;
  readonly #host: Host;
  readonly #disk: SimDiskState = new SimDiskState();
  readonly #journal: SimJournalState = new SimJournalState();
  readonly #services: StoreHost;
  readonly #disks: SimDiskOptions & Omit<SimJournalOptions, 'clock'>;
  readonly #links: Omit<SimStoreOptions, 'clock'>;
  readonly #crash: { readonly tornChance: number; readonly rotChance: number };

  constructor(world: World, host: Host, services: StoreHost, allowed: AllowedFaults, swarm: Swarm) {
    this.#world = world;
    this.#host = host;
    this.#services = services;
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
      queueStore: (clock: Clock): QueueStore =>
        openSimQueue(device(), this.#services.queues, { ...this.#links, clock }),
      store: (clock: Clock): Store =>
        openSimStore(device(), this.#services.service, { ...this.#links, clock }),
    };
  }
}
