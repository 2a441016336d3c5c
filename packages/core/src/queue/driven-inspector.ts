import { type MessageId, messageId } from '../ids.ts';
import type { WaitOptions } from '../link-signal.ts';
import { checkKey } from '../store/store-arguments.ts';
import { pageBounds, sealedPage } from './page-cursor.ts';
import { checkMessageState } from './queue-arguments.ts';
import type { QueueCalls } from './queue-calls.ts';
import type { QueueDriver } from './queue-driver.ts';
import type {
  InspectedMessage,
  MessageState,
  Page,
  PageOptions,
  QueueDepth,
  QueueInspector,
  RemoveResult,
} from './queue-store.ts';

/** What an operator sees and does, by an engine's driver. */
export class DrivenInspector implements QueueInspector {
  readonly #driver: QueueDriver;
  readonly #calls: QueueCalls;

  constructor(driver: QueueDriver, calls: QueueCalls) {
    this.#driver = driver;
    this.#calls = calls;
  }

  async queues(prefix: string, options: PageOptions = {}): Promise<Page<string>> {
    checkKey('Prefix', prefix);
    const scope = `queues ${prefix}`;
    const query = { prefix, ...pageBounds(scope, options) };
    return sealedPage(
      scope,
      await this.#calls.ask(options, signal => this.#driver.inspect.queues(query, signal)),
    );
  }

  async depth(queue: string, options: WaitOptions = {}): Promise<QueueDepth> {
    checkKey('Queue', queue);
    return this.#calls.ask(options, signal => this.#driver.inspect.depth(queue, signal));
  }

  async get(queue: string, id: MessageId, options: WaitOptions = {}): Promise<InspectedMessage | undefined> {
    checkKey('Queue', queue);
    messageId(id);
    return this.#calls.ask(options, signal => this.#driver.inspect.get(queue, id, signal));
  }

  async messages(
    queue: string,
    options: PageOptions & { readonly state?: MessageState } = {},
  ): Promise<Page<InspectedMessage>> {
    checkKey('Queue', queue);
    checkMessageState(options.state);
    const scope = `messages of ${queue}`;
    const query = { state: options.state, ...pageBounds(scope, options) };
    return sealedPage(
      scope,
      await this.#calls.ask(options, signal => this.#driver.inspect.messages(queue, query, signal)),
    );
  }

  async remove(
    queue: string,
    ids: readonly MessageId[],
    options: WaitOptions = {},
  ): Promise<readonly RemoveResult[]> {
    checkKey('Queue', queue);
    ids.forEach(messageId);
    const copy = [...ids];
    return this.#calls.changeEach(options, copy, signal => this.#driver.inspect.remove(queue, copy, signal));
  }

  async purge(queue: string, options: WaitOptions = {}): Promise<number> {
    checkKey('Queue', queue);
    return this.#calls.ask(options, signal => this.#driver.inspect.purge(queue, signal));
  }
}
