import type {
  InspectedMessage,
  MessageId,
  MessagesQuery,
  Page,
  PageQuery,
  QueueDepth,
  QueueInspectorDriver,
  RemoveResult,
} from '@quorate/core';
import { BlobWriter } from '../queue/blob-writer.ts';
import { sequenceOf, writeName } from '../queue/message-name.ts';
import { queueBase } from '../queue/queue-base.ts';
import { readInspected } from '../queue/read-message.ts';
import type { RedisKeys } from '../redis-keys.ts';
import {
  depthScript,
  inspectScript,
  messagesScript,
  purgeScript,
  removeScript,
} from '../scripts/queue-inspect-scripts.ts';
import { queuesScript } from '../scripts/queue-state-scripts.ts';
import type { Script } from '../scripts/script.ts';
import { inGroups } from './queue-groups.ts';
import type { Reply } from './redis-client.ts';
import type { ScriptRunner } from './script-runner.ts';

/** How many messages one script takes out. */
const removedMax = 250;

/** How many scripts one page is looked for with, where few messages are in the state that is asked for. */
const looksMax = 50;

/** What an operator sees and does. */
export class QueueInspection implements QueueInspectorDriver {
  readonly #runner: ScriptRunner;
  readonly #keys: RedisKeys;

  constructor(runner: ScriptRunner, keys: RedisKeys) {
    this.#runner = runner;
    this.#keys = keys;
  }

  queues({ prefix, cursor = '', limit }: PageQuery): Promise<Page<string>> {
    return this.#run(queuesScript, prefix, [prefix, cursor, limit], reply => {
      const items = (reply as readonly Buffer[]).map(String);
      if (items.length <= limit) return { items };
      items.length = limit;
      return { items, cursor: items.at(-1) as string };
    });
  }

  async depth(queue: string): Promise<QueueDepth> {
    let reply: Reply;
    do reply = await this.#run(depthScript, queue, [queue], counted => counted);
    while (reply === null);
    const [readyCount, delayedCount, leasedCount, heldCount, oldestUs] = reply as unknown as QueueNumbers;
    const counts = { readyCount, delayedCount, leasedCount, heldCount };
    return oldestUs < 0 ? counts : { ...counts, oldestReadyAtMs: Math.floor(oldestUs / 1000) };
  }

  get(queue: string, id: MessageId): Promise<InspectedMessage | undefined> {
    const writer = new BlobWriter();
    writeName(writer, 0, id);
    const isNamed = sequenceOf(id) === undefined ? '1' : '0';
    const name = writer.end().subarray(1);
    return this.#run(inspectScript, queue, [queue, name, isNamed], reply =>
      reply === null ? undefined : readInspected(queue, reply as readonly (number | Buffer)[]),
    );
  }

  /** Looks on where a script ended before the page was full. */
  async messages(
    queue: string,
    { state, cursor = '0', limit }: MessagesQuery,
  ): Promise<Page<InspectedMessage>> {
    const items: InspectedMessage[] = [];
    const letter = state === undefined ? '' : state.slice(0, 1);
    let last = cursor;
    for (let look = 0; look < looksMax; look++) {
      const words = [queue, last, limit - items.length, letter];
      const [next, ...found] = (await this.#runner.run(
        messagesScript,
        queueBase(this.#keys, queue),
        ...words,
      )) as readonly (number | Buffer | null)[];
      for (let index = 0; index < found.length; index += 4)
        items.push(readInspected(queue, found.slice(index, index + 4) as (number | Buffer)[]));
      if (!Buffer.isBuffer(next)) return { items };
      last = next.toString();
      if (items.length === limit) break;
    }
    return { items, cursor: last };
  }

  remove(queue: string, ids: readonly MessageId[]): Promise<readonly RemoveResult[]> {
    return inGroups(
      ids,
      () => queue,
      removedMax,
      some => {
        const writer = new BlobWriter();
        for (const id of some) writeName(writer, 0, id);
        return this.#run(removeScript, queue, [queue, writer.end()], reply =>
          Array.from(reply as Buffer, digit => ({ outcome: 'applied', removed: digit === 0x31 })),
        );
      },
    );
  }

  purge(queue: string): Promise<number> {
    return this.#run(purgeScript, queue, [queue], reply => reply as number);
  }

  #run<Result>(
    script: Script,
    name: string,
    words: readonly (string | number | Buffer)[],
    resultOf: (reply: Reply) => Result,
  ): Promise<Result> {
    return this.#runner.runAs(script, queueBase(this.#keys, name), words, resultOf);
  }
}

type QueueNumbers = readonly [ready: number, delayed: number, leased: number, held: number, oldestUs: number];
