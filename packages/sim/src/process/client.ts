import type { Scenario } from '../scenario.ts';
import type { Host } from './host.ts';
import type { MachineDevices } from './machine-devices.ts';
import { SimClientEnv } from './sim-client-env.ts';
import type { EnvWorld } from './sim-env.ts';

/** A client: a host that never crashes, and a program whose end is awaited. */
export class Client {
  readonly host: Host;
  readonly #shared: EnvWorld;
  readonly #devices: MachineDevices;
  readonly #program: Scenario['client'];
  #env: SimClientEnv | undefined;
  #ended = false;

  constructor(shared: EnvWorld, host: Host, devices: MachineDevices, program: Scenario['client']) {
    this.#shared = shared;
    this.host = host;
    this.#devices = devices;
    this.#program = program;
  }

  start(index: number): void {
    const { world } = this.#shared;
    const life = this.host.start();
    this.#env = new SimClientEnv(this.#shared, this.host, life, this.#devices.open(life), index);
    const end = (): void => {
      this.#ended = true;
    };
    if (this.#program === undefined) end();
    else this.#program(this.#env).then(end, error => world.fail(error));
  }

  /** It never starts, and nobody waits for its end. */
  leaveOut(): void {
    this.#ended = true;
  }

  endWorkload(): void {
    this.#env?.endWorkload();
  }

  /** What the client still waits for; undefined once it has ended. */
  hangs(): string | undefined {
    if (this.#ended) return undefined;
    const open = [...(this.#env?.openOperations ?? [])].map(
      ([number, { input, invokedAt }]) =>
        `operation ${number} (${textOf(input)}) since ${invokedAt / 1000} ms`,
    );
    return `${this.host.name} waits for ${open.length === 0 ? 'something that is no operation' : open.join(', ')}`;
  }
}

function textOf(value: unknown): string {
  try {
    const text = JSON.stringify(value, (_key, part: unknown) =>
      typeof part === 'bigint' ? part.toString() : part,
    );
    return (text ?? String(value)).slice(0, 200);
  } catch {
    return String(value);
  }
}
