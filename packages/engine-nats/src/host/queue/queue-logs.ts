import { partitionOf, type Timer } from '@quorate/core';
import { tokenOf } from '../subjects.ts';
import { QueueLog, type QueueLogOptions } from './queue-log.ts';

/** After which time a partition that nobody uses is let go of, ms. */
const idleMaxMs = 60_000;

/** The partitions that this client has to do with. */
export class QueueLogs {
  readonly #options: Omit<QueueLogOptions, 'token'>;
  readonly #logs = new Map<string, QueueLog>();
  readonly #stop: () => void;
  #timer: Timer | undefined;

  constructor(options: Omit<QueueLogOptions, 'token'>) {
    this.#options = options;
    this.#stop = options.api.requests.onConnection(isConnected => {
      for (const log of this.#logs.values()) log.onConnection(isConnected);
    });
  }

  /** The log of the partition that a queue's or a key's name begins with. */
  of(name: string): QueueLog {
    const partition = partitionOf(name);
    const log = this.#logs.get(partition);
    log?.use();
    if (log !== undefined) return log;
    const made = new QueueLog({ ...this.#options, token: tokenOf(partition) });
    this.#logs.set(partition, made);
    if (this.#timer === undefined) this.#look();
    return made;
  }

  close(): void {
    this.#stop();
    this.#timer?.cancel();
    for (const log of this.#logs.values()) log.close();
    this.#logs.clear();
  }

  #look(): void {
    for (const [partition, log] of this.#logs) {
      if (log.idleMs <= idleMaxMs) continue;
      this.#logs.delete(partition);
      log.close();
    }
    this.#timer = this.#options.clock.setTimer(idleMaxMs / 2, () => this.#look());
    this.#timer.unref();
  }
}
