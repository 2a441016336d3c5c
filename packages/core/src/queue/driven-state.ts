import type { WaitOptions } from '../link-signal.ts';
import { checkKey } from '../store/store-arguments.ts';
import { ownedState } from './owned-message.ts';
import { pageBounds, sealedPage } from './page-cursor.ts';
import { checkState } from './queue-arguments.ts';
import type { QueueCalls } from './queue-calls.ts';
import type { QueueDriver } from './queue-driver.ts';
import type { Page, PageOptions, QueueState, StateRecord, StateResult, StateWrite } from './queue-store.ts';

/** The state records of an engine's driver. */
export class DrivenState implements QueueState {
  readonly #driver: QueueDriver;
  readonly #calls: QueueCalls;

  constructor(driver: QueueDriver, calls: QueueCalls) {
    this.#driver = driver;
    this.#calls = calls;
  }

  async get(key: string, options: WaitOptions = {}): Promise<StateRecord | undefined> {
    checkKey('Key', key);
    return this.#calls.ask(options, signal => this.#driver.state.get(key, signal));
  }

  async write(write: StateWrite, options: WaitOptions = {}): Promise<StateResult> {
    checkState(write, this.#driver.capabilities.bodyMaxBytes);
    const owned = ownedState(write);
    return this.#calls.change(options, signal => this.#driver.state.write(owned, signal));
  }

  async scan(prefix: string, options: PageOptions = {}): Promise<Page<StateRecord>> {
    checkKey('Prefix', prefix);
    const scope = `records ${prefix}`;
    const query = { prefix, ...pageBounds(scope, options) };
    return sealedPage(
      scope,
      await this.#calls.ask(options, signal => this.#driver.state.scan(query, signal)),
    );
  }

  watch(prefix: string, onChange: (key: string) => void): Disposable {
    checkKey('Prefix', prefix);
    return this.#calls.watch(() => this.#driver.state.watch(prefix, onChange));
  }
}
