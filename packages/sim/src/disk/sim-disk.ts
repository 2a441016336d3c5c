import { type Disk, type DiskCapabilities, type DiskFile, QuorateError } from '@quorate/core';
import type { Device } from '../device.ts';
import { deviceWait, neverSettles } from '../device-wait.ts';
import { cacheLatencyUs, mediumLatencyUs } from './disk-latency.ts';
import { FileContent } from './file-content.ts';
import { SimDiskState } from './sim-disk-state.ts';
import { SimFile } from './sim-file.ts';

export { SimDiskState };

/** How a disk behaves. Read anew at each call, so that whoever makes the faults may change it at any time. */
export interface SimDiskOptions {
  /** What calls take that end in the page cache; a write that takes 0 is done at once. Default 1 to 50. */
  readonly latencyMinUs?: number;
  readonly latencyMaxUs?: number;
  /** What calls take that reach the medium. Default 100 to 2,000. */
  readonly syncMinUs?: number;
  readonly syncMaxUs?: number;
  /** How likely a call takes up to `slowMaxUs` longer. Default 0. */
  readonly slowChance?: number;
  readonly slowMaxUs?: number;
  /**
   * How likely a sync fails. What it was to make durable is then kept or lost, sector by sector; programs read what they wrote all
   * the same, and later syncs succeed without writing it. Default 0.
   */
  readonly syncFailureChance?: number;
}

/**
 * A node's disk for one start of it. What is durable stays in `state` for the next start; {@link SimDiskState.crash} says what a
 * crash takes.
 */
export function openSimDisk(device: Device, state: SimDiskState, options: SimDiskOptions = {}): Disk {
  return new SimDisk(device, state, options);
}

class SimDisk implements Disk {
  readonly capabilities: DiskCapabilities;
  readonly #device: Device;
  readonly #state: SimDiskState;
  readonly #options: SimDiskOptions;

  constructor(device: Device, state: SimDiskState, options: SimDiskOptions) {
    this.#device = device;
    this.#state = state;
    this.#options = options;
    this.capabilities = { durability: 'fsync', sectorBytes: state.sectorBytes };
  }

  async open(name: string, options: { readonly create?: boolean } = {}): Promise<DiskFile> {
    checkName(name);
    const create = options.create ?? false;
    return this.#name('open', name, () => {
      const { names, sectorBytes } = this.#state;
      const present = names.current.get(name);
      if (create && present !== undefined) {
        throw new QuorateError('ALREADY_EXISTS', `File "${name}" exists`, { outcome: 'not-applied' });
      }
      const content = create ? new FileContent(sectorBytes) : present;
      if (content === undefined) throw notFound(name);
      if (create) names.change([[name, content]]);
      const context = { device: this.#device, state: this.#state, options: this.#options };
      return new SimFile(context, name, content);
    });
  }

  async list(): Promise<readonly string[]> {
    return this.#name('list', undefined, () => [...this.#state.names.current.keys()].sort());
  }

  async rename(from: string, to: string): Promise<void> {
    checkName(from);
    checkName(to);
    return this.#name('rename', `${from} ${to}`, () => {
      const content = this.#state.names.current.get(from);
      if (content === undefined) throw notFound(from);
      if (from === to) return;
      this.#state.names.change([
        [from, undefined],
        [to, content],
      ]);
    });
  }

  async remove(name: string): Promise<void> {
    checkName(name);
    return this.#name('remove', name, () => {
      if (!this.#state.names.current.has(name)) throw notFound(name);
      this.#state.names.change([[name, undefined]]);
    });
  }

  async syncNames(): Promise<void> {
    if (!this.#device.alive) return neverSettles();
    const { names } = this.#state;
    const changeCount = names.changeCount;
    await deviceWait(this.#device, mediumLatencyUs(this.#device, this.#options));
    names.synced(changeCount);
    this.#device.trace({ type: 'disk', action: 'sync-names' });
  }

  async lock(): Promise<AsyncDisposable> {
    return this.#name('lock', undefined, () => {
      const state = this.#state;
      if (state.owner !== undefined) {
        throw new QuorateError('ALREADY_OPEN', `The folder belongs to ${state.owner}`, {
          retryable: true,
          outcome: 'not-applied',
        });
      }
      state.owner = this.#device.node;
      let isHeld = true;
      return {
        [Symbol.asyncDispose]: async () => {
          if (isHeld && this.#device.alive) state.owner = undefined;
          isHeld = false;
        },
      };
    });
  }

  /** A call about names: takes its time, and then happens as one step. */
  async #name<Result>(action: string, text: string | undefined, run: () => Result): Promise<Result> {
    if (!this.#device.alive) return neverSettles();
    await deviceWait(this.#device, cacheLatencyUs(this.#device, this.#options));
    const result = run();
    this.#device.trace(text === undefined ? { type: 'disk', action } : { type: 'disk', action, text });
    return result;
  }
}

function notFound(name: string): QuorateError {
  return new QuorateError('NOT_FOUND', `No file is called "${name}"`, { outcome: 'not-applied' });
}

function checkName(name: string): void {
  if (/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$/.test(name)) return;
  throw new TypeError(`File name must be of letters, digits, ".", "-" and "_": received "${name}"`);
}
