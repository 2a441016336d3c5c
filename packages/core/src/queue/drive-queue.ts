import type { Clock } from '../clock.ts';
import type { WaitOptions } from '../link-signal.ts';
import { checkKey } from '../store/store-arguments.ts';
import { DrivenInspector } from './driven-inspector.ts';
import { DrivenState } from './driven-state.ts';
import { checkExtension, checkLease, checkOwner, checkPuts, checkSettlements } from './queue-arguments.ts';
import { ownedHandle, ownedPuts, ownedSettlement } from './owned-message.ts';
import { QueueCalls, unsupported } from './queue-calls.ts';
import type { QueueDriver } from './queue-driver.ts';
import { QueueLeaser } from './queue-leaser.ts';
import type {
  LeasedMessage,
  LeaseHandle,
  LeaseOptions,
  PutOptions,
  PutResult,
  QueueCapabilities,
  QueueInspector,
  QueuePut,
  QueueState,
  QueueStore,
  Settlement,
  SettleResult,
} from './queue-store.ts';

export interface DriveQueueOptions {
  /** What deadlines and waits go by. */
  readonly clock: Clock;
  /** After how long a waiting lease looks again though it heard of nothing: hints may be lost. Default 1,000. */
  readonly pollMs?: number;
}

/**
 * Makes a QueueStore of an engine's driver: with it an engine is the few calls that differ, and every engine treats wrong arguments,
 * missing capabilities, deadlines, lost answers, waits and closing alike.
 *
 * Closing ends the leases that wait, which reject with `CLOSED`, and the watches, and then disposes of the driver. Before that it waits,
 * for a second at most, for what is being leased for somebody who gave up: it goes back, uncharged.
 */
export function driveQueue(driver: QueueDriver, options: DriveQueueOptions): QueueStore {
  return new DrivenQueue(driver, options);
}

class DrivenQueue implements QueueStore {
  readonly capabilities: QueueCapabilities;
  readonly state: QueueState;
  readonly inspect: QueueInspector;
  readonly #driver: QueueDriver;
  readonly #calls: QueueCalls;
  readonly #leaser: QueueLeaser;

  constructor(driver: QueueDriver, { clock, pollMs = 1000 }: DriveQueueOptions) {
    this.capabilities = driver.capabilities;
    this.#driver = driver;
    this.#calls = new QueueCalls(clock);
    this.#leaser = new QueueLeaser(driver, clock, pollMs);
    this.state = new DrivenState(driver, this.#calls);
    this.inspect = new DrivenInspector(driver, this.#calls);
  }

  now(options: WaitOptions = {}): Promise<number> {
    return this.#calls.ask(options, signal => this.#driver.now(signal));
  }

  async put(puts: readonly QueuePut[], options: PutOptions = {}): Promise<readonly PutResult[]> {
    checkPuts(puts, this.capabilities.bodyMaxBytes);
    this.#checkSupport(puts);
    const { transaction } = options;
    if (transaction !== undefined && !this.capabilities.transactionalPut)
      throw unsupported('A put that joins a transaction of the caller');
    const owned = ownedPuts(puts);
    return this.#calls.changeEach(options, puts, signal => this.#driver.put(owned, { transaction, signal }));
  }

  async lease(queue: string, options: LeaseOptions): Promise<readonly LeasedMessage[]> {
    checkLease(queue, options);
    if (options.lanes?.some(lane => lane > 0) === true && !this.capabilities.lease.lanes)
      throw unsupported('A lane other than 0');
    const { messagesMax, leaseMs, lanes, owner, waitMs = 0, startedMax = 0 } = options;
    const query = { messagesMax, leaseMs, lanes: lanes && [...lanes], owner, startedMax };
    return this.#calls.ask(options, signal => this.#leaser.lease(queue, query, waitMs, signal));
  }

  async extend(
    leases: readonly LeaseHandle[],
    leaseMs: number,
    options: WaitOptions & { readonly started?: boolean } = {},
  ): Promise<readonly SettleResult[]> {
    checkExtension(leases, leaseMs);
    const { started = false } = options;
    const handles = leases.map(ownedHandle);
    return this.#calls.changeEach(options, leases, signal =>
      this.#driver.extend(handles, leaseMs, started, signal),
    );
  }

  async settle(
    settlements: readonly Settlement[],
    options: WaitOptions = {},
  ): Promise<readonly SettleResult[]> {
    checkSettlements(settlements, this.capabilities.bodyMaxBytes);
    for (const { puts } of settlements) this.#checkSupport(puts ?? []);
    const owned = settlements.map(ownedSettlement);
    return this.#calls.changeEach(options, settlements, signal => this.#driver.settle(owned, signal));
  }

  async abandon(queue: string, owner: string, options: WaitOptions = {}): Promise<number> {
    checkKey('Queue', queue);
    checkOwner(owner);
    if (!this.capabilities.abandon) throw unsupported('Ending the leases of a dead owner');
    return this.#calls.ask(options, signal => this.#driver.abandon(queue, owner, signal));
  }

  watch(queue: string, onReady: () => void): Disposable {
    checkKey('Queue', queue);
    return this.#calls.watch(() => this.#driver.watch(queue, onReady));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#calls.close(async () => {
      await this.#leaser.close();
      await this.#driver[Symbol.asyncDispose]();
    });
  }

  #checkSupport(puts: readonly QueuePut[]): void {
    const { readyAt, lanes, oneActivePerKey } = this.capabilities.lease;
    for (const { message } of puts) {
      if (!readyAt && (message.readyAtMs ?? message.delayMs) !== undefined)
        throw unsupported('A message that is ready later');
      if (!lanes && (message.lane ?? 0) > 0) throw unsupported('A lane other than 0');
      if (!oneActivePerKey && message.key !== undefined) throw unsupported('A key of a message');
    }
  }
}
