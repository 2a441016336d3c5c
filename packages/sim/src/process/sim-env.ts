import type { Clock, Disk, Journal, NodeId, QueueStore, Random, Store, Transport } from '@quorate/core';
import { SimClock } from '../clock/sim-clock.ts';
import type { Incarnation } from '../engine/incarnation.ts';
import type { Referee } from '../engine/referee.ts';
import type { World } from '../engine/world.ts';
import type { Network } from '../network/network.ts';
import { SimTransport } from '../network/sim-transport.ts';
import type { Env, Fact, NodeEnv } from '../scenario.ts';
import type { Host } from './host.ts';

/** What all environments of a run share. */
export interface EnvWorld {
  readonly world: World;
  readonly network: Network;
  readonly referee: Referee;
  readonly nodes: readonly NodeId[];
}

/** What is opened for an incarnation when it first asks. */
export interface HostDevices {
  disk(): Disk;
  journal(clock: Clock): Journal;
  queueStore(clock: Clock): QueueStore;
  store(clock: Clock): Store;
}

/** What one incarnation has of the world. Once it is dead, nothing that it does has an effect. */
export class SimEnv implements Env {
  readonly self: NodeId;
  readonly nodes: readonly NodeId[];
  readonly clock: Clock;
  readonly random: Random;
  readonly transport: Transport;
  protected readonly world: World;
  protected readonly referee: Referee;
  protected readonly host: Host;
  protected readonly life: Incarnation;
  protected readonly devices: HostDevices;
  #store: Store | undefined;

  constructor(shared: EnvWorld, host: Host, life: Incarnation, devices: HostDevices) {
    const { world } = shared;
    this.self = host.id;
    this.nodes = shared.nodes;
    this.clock = new SimClock(world, life, host.time, host.name);
    this.random = world.tape.random(`random/${host.name}/${life.number}`);
    this.transport = new SimTransport(world, shared.network, host.endpoint, life);
    this.world = world;
    this.referee = shared.referee;
    this.host = host;
    this.life = life;
    this.devices = devices;
  }

  get store(): Store {
    this.#store ??= this.devices.store(this.clock);
    return this.#store;
  }

  openStore({ clock = this.clock }: { readonly clock?: Clock } = {}): Store {
    return this.devices.store(clock);
  }

  openQueueStore({ clock = this.clock }: { readonly clock?: Clock } = {}): QueueStore {
    return this.devices.queueStore(clock);
  }

  observe(fact: Fact): void {
    if (this.life.alive) this.referee.observe(this.host.lane, this.host.name, fact);
  }

  reached(probe: string): void {
    if (this.life.alive) this.referee.reached(this.host.lane, probe);
  }

  log(text: string): void {
    if (!this.life.alive) return;
    this.world.touch();
    this.world.trace(this.host.lane, { type: 'log', text });
  }
}

/** What a node has beside. */
export class SimNodeEnv extends SimEnv implements NodeEnv {
  #disk: Disk | undefined;
  #journal: Journal | undefined;

  get incarnation(): number {
    return this.life.number;
  }

  get disk(): Disk {
    this.#disk ??= this.devices.disk();
    return this.#disk;
  }

  get journal(): Journal {
    this.#journal ??= this.devices.journal(this.clock);
    return this.#journal;
  }
}
