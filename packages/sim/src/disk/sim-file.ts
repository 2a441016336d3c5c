import { type DiskFile, type Done, QuorateError } from '@quorate/core';
import type { Device } from '../device.ts';
import { deviceWait, drawChance, neverSettles } from '../device-wait.ts';
import { cacheLatencyUs, mediumLatencyUs } from './disk-latency.ts';
import type { FileContent } from './file-content.ts';
import type { SimDiskOptions } from './sim-disk.ts';
import type { SimDiskState } from './sim-disk-state.ts';

/** What an open file stands on. */
export interface SimFileContext {
  readonly device: Device;
  readonly state: SimDiskState;
  readonly options: SimDiskOptions;
}

/**
 * A file that a program has open on a simulated disk. What it writes can be read at once, and is durable once synced.
 *
 * Calls that change a file follow one another, as the seam says: one that comes before the last has settled is refused with
 * `TypeError`, because a real disk would run both at once and keep either.
 */
export class SimFile implements DiskFile {
  readonly name: string;
  readonly #context: SimFileContext;
  readonly #content: FileContent;
  #running: string | undefined;
  #isClosed = false;

  constructor(context: SimFileContext, name: string, content: FileContent) {
    this.#context = context;
    this.name = name;
    this.#content = content;
    const { openCounts } = context.state;
    openCounts.set(content, (openCounts.get(content) ?? 0) + 1);
  }

  get size(): number {
    return this.#content.size;
  }

  write(chunks: readonly Uint8Array[], offset: number): Done {
    const { device, state, options } = this.#context;
    if (!device.alive) return neverSettles();
    checkOffset('Offset', offset);
    this.#checkFree('write');
    const byteCount = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    const end = state.sizeWithRoom(this.#content, offset + byteCount);
    const sequence = state.nextSequence();
    let position = offset;
    for (const chunk of chunks) {
      const room = Math.max(0, end - position);
      const part = chunk.length > room ? chunk.subarray(0, room) : chunk;
      if (part.length > 0) this.#content.write(part, position, sequence);
      position += chunk.length;
    }
    const isShort = end < offset + byteCount;
    device.trace({
      type: 'disk',
      action: isShort ? 'write-full' : 'write',
      text: `${this.name} ${offset}+${byteCount}`,
    });
    const delayUs = cacheLatencyUs(device, options);
    if (!isShort && delayUs === 0) return undefined;
    return this.#run('write', delayUs, () => {
      if (isShort) throw storageFull(this.name, offset + byteCount, 'unknown');
    });
  }

  sync(): Done {
    const { device, state, options } = this.#context;
    if (!device.alive) return neverSettles();
    this.#checkFree('sync');
    const sequence = state.sequence;
    return this.#run('sync', mediumLatencyUs(device, options), () => this.#endSync(sequence));
  }

  #endSync(sequence: number): void {
    const { device, options } = this.#context;
    if (!drawChance(device, 'disk.sync-fails', options.syncFailureChance ?? 0)) {
      this.#content.synced(sequence);
      device.trace({ type: 'disk', action: 'sync', text: this.name });
      return;
    }
    const lost = device.dice.between('disk.sync-loses', 0, 2);
    const isLost = (): boolean =>
      lost === 1 || (lost === 2 && device.dice.chance('disk.sync-loses-sector', 0.5));
    this.#content.syncFailed(sequence, isLost, isLost());
    device.trace({ type: 'disk', action: 'sync-failed', text: this.name });
    throw new QuorateError('IO_FAILED', `Sync of "${this.name}" failed`, { outcome: 'unknown' });
  }

  async read(into: Uint8Array, offset: number): Promise<number> {
    const { device, options } = this.#context;
    if (!device.alive) return neverSettles();
    checkOffset('Offset', offset);
    this.#checkOpen();
    await deviceWait(device, cacheLatencyUs(device, options));
    const byteCount = Math.max(0, Math.min(into.length, this.#content.size - offset));
    this.#content.read(into.subarray(0, byteCount), offset);
    return byteCount;
  }

  async allocate(size: number): Promise<void> {
    checkOffset('Size', size);
    const { state } = this.#context;
    const apply = (): boolean => {
      const hasRoom = state.sizeWithRoom(this.#content, size) >= size;
      if (hasRoom) this.#content.extend(size);
      return hasRoom;
    };
    return this.#resize('allocate', size, apply);
  }

  async truncate(size: number): Promise<void> {
    checkOffset('Size', size);
    if (size > this.#content.size) {
      throw new RangeError(`Size must be at most the present one of ${this.#content.size}: received ${size}`);
    }
    return this.#resize('truncate', size, () => {
      this.#content.truncate(Math.min(size, this.#content.size));
      return true;
    });
  }

  #resize(action: string, size: number, apply: () => boolean): Promise<void> {
    const { device, state, options } = this.#context;
    if (!device.alive) return neverSettles();
    this.#checkFree(action);
    state.inFlight.add(apply);
    return this.#run(action, mediumLatencyUs(device, options), () => {
      state.inFlight.delete(apply);
      const isDone = apply();
      device.trace({
        type: 'disk',
        action: isDone ? action : `${action}-full`,
        text: `${this.name} ${size}`,
      });
      if (!isDone) throw storageFull(this.name, size, 'not-applied');
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { device, state } = this.#context;
    if (!device.alive) return neverSettles();
    if (this.#isClosed) return;
    this.#isClosed = true;
    const others = (state.openCounts.get(this.#content) ?? 1) - 1;
    if (others === 0) state.openCounts.delete(this.#content);
    else state.openCounts.set(this.#content, others);
  }

  #run(action: string, delayUs: number, end: () => void): Promise<void> {
    this.#running = action;
    return new Promise((resolve, reject) => {
      this.#context.device.after(delayUs, () => {
        this.#running = undefined;
        try {
          end();
          resolve();
        } catch (thrown) {
          reject(thrown);
        }
      });
    });
  }

  #checkOpen(): void {
    if (!this.#isClosed) return;
    throw new QuorateError('CLOSED', `File "${this.name}" is closed`, { outcome: 'not-applied' });
  }

  #checkFree(action: string): void {
    this.#checkOpen();
    if (this.#running === undefined) return;
    throw new TypeError(
      `Calls that change file "${this.name}" must follow one another: received ${action} during ${this.#running}`,
    );
  }
}

function checkOffset(what: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 0) return;
  throw new RangeError(`${what} must be an integer of at least 0: received ${value}`);
}

function storageFull(name: string, size: number, outcome: 'unknown' | 'not-applied'): QuorateError {
  return new QuorateError('STORAGE_FULL', `No room for "${name}" to be ${size} bytes long`, {
    retryable: true,
    outcome,
  });
}
