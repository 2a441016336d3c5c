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
  readonly #onEnd: () => void;
  #env: SimClientEnv | undefined;
  #ended = false;
  #mayBegin = true;

  /** @param onEnd called once: when the program ends, or when it is known that there is none */
  constructor(
    shared: EnvWorld,
    host: Host,
    devices: MachineDevices,
    program: Scenario['client'],
    onEnd: () => void,
  ) {
    this.#shared = shared;
    this.host = host;
    this.#devices = devices;
    this.#program = program;
    this.#onEnd = onEnd;
  }

  start(index: number): void {
    const { world } = this.#shared;
    const life = this.host.start();
    this.#env = new SimClientEnv(this.#shared, this.host, life, this.#devices.open(life), index);
    if (!this.#mayBegin) this.#env.endWorkload();
    if (this.#program === undefined) this.#end();
    else
      this.#program(this.#env).then(
        () => this.#end(),
        error => world.fail(error),
      );
  }

  /** It never starts, and nobody waits for its end. */
  leaveOut(): void {
    this.#end();
  }

  /** It begins nothing new; if it has yet to start, it learns so then. */
  endWorkload(): void {
    this.#mayBegin = false;
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

  #end(): void {
    this.#ended = true;
    this.#onEnd();
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
