import { QuorateError, type TransportHandlers } from '@quorate/core';

/** What every transport has in common: it is started once, then disposed of, and tells its user's handlers. */
export class TransportState {
  #handlers: TransportHandlers | undefined;
  #disposed = false;

  /** Whether messages are handed over. */
  get live(): boolean {
    return this.#handlers !== undefined && !this.#disposed;
  }

  get disposed(): boolean {
    return this.#disposed;
  }

  /** Who is told; nobody before the start and after the disposal. */
  get handlers(): TransportHandlers | undefined {
    return this.#disposed ? undefined : this.#handlers;
  }

  /** @throws QuorateError `ALREADY_STARTED`, `CLOSED` */
  start(handlers: TransportHandlers): void {
    if (this.#disposed) {
      throw new QuorateError('CLOSED', 'The transport was disposed of', { outcome: 'not-applied' });
    }
    if (this.#handlers !== undefined) {
      throw new QuorateError('ALREADY_STARTED', 'The transport was started before', {
        outcome: 'not-applied',
      });
    }
    this.#handlers = handlers;
  }

  /** Ends it. Says whether this was the first time. */
  dispose(): boolean {
    const first = !this.#disposed;
    this.#disposed = true;
    return first;
  }
}

/** @throws TypeError unless it is bytes. @throws RangeError when it is longer than `maxBytes` */
export function checkMessage(message: Uint8Array, maxBytes: number): void {
  if (!(message instanceof Uint8Array))
    throw new TypeError(`Message must be a Uint8Array: received ${typeof message}`);
  if (message.length > maxBytes) {
    throw new RangeError(`Message must be at most ${maxBytes} bytes: received ${message.length}`);
  }
}

/** @throws RangeError unless `value` is an integer from `min` to `max` */
export function checkInteger(what: string, value: number, min: number, max: number): number {
  if (!Number.isInteger(value) || value < min || value > max)
    throw new RangeError(`${what} must be an integer from ${min} to ${max}: received ${value}`);
  return value;
}
