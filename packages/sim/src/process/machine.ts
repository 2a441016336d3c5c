import type { World } from '../engine/world.ts';
import type { Network } from '../network/network.ts';
import type { Scenario } from '../scenario.ts';
import type { Host } from './host.ts';
import type { MachineDevices } from './machine-devices.ts';
import { type EnvWorld, SimNodeEnv } from './sim-env.ts';

/** A node: a host, the devices that outlive its crashes, and the program that each of its starts runs. */
export class Machine {
  readonly world: World;
  readonly host: Host;
  readonly devices: MachineDevices;
  readonly #shared: EnvWorld;
  readonly #network: Network;
  readonly #program: Scenario['node'];

  constructor(shared: EnvWorld, host: Host, devices: MachineDevices, program: Scenario['node']) {
    this.world = shared.world;
    this.host = host;
    this.devices = devices;
    this.#shared = shared;
    this.#network = shared.network;
    this.#program = program;
  }

  /** Starts the program, unless it runs. */
  start(): void {
    if (this.host.incarnation !== undefined) return;
    const life = this.host.start();
    const env = new SimNodeEnv(this.#shared, this.host, life, this.devices.open(life));
    // Whatever a program throws is a mistake of its own; once it is dead, it can make none.
    this.#program(env)?.then(undefined, (error: unknown) => {
      if (life.alive) this.world.fail(error);
    });
  }

  crash(): void {
    this.host.crash(this.#network);
    this.devices.crash();
  }
}
