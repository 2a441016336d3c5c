import type { Page, PageQuery, QueueStateDriver, StateRecord, StateResult, StateWrite } from '@quorate/core';
import { queueBase } from '../queue/queue-base.ts';
import type { RedisKeys } from '../redis-keys.ts';
import { readStateScript, scanStateScript, writeStateScript } from '../scripts/queue-state-scripts.ts';
import type { QueueWatches } from './queue-watches.ts';
import type { Reply } from './redis-client.ts';
import type { ScriptRunner } from './script-runner.ts';

export interface QueueStatesOptions {
  readonly keys: RedisKeys;
  readonly runner: ScriptRunner;
  readonly watches: QueueWatches;
}

/** State records beside the messages. */
export class QueueStates implements QueueStateDriver {
  readonly #options: QueueStatesOptions;

  constructor(options: QueueStatesOptions) {
    this.#options = options;
  }

  get(key: string): Promise<StateRecord | undefined> {
    return this.#run(readStateScript, key, [key], reply =>
      Buffer.isBuffer(reply) ? readState(key, reply) : undefined,
    );
  }

  write({ key, value, version = -1, expiresAtMs = -1 }: StateWrite): Promise<StateResult> {
    const words = [key, version, expiresAtMs];
    const sent = value && Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    return this.#run(
      writeStateScript,
      key,
      sent === undefined ? words : [...words, sent],
      (reply): StateResult => {
        if (typeof reply === 'number') return { outcome: 'applied', version: reply };
        const record = reply as Buffer;
        if (record.length === 1) return { outcome: 'not-applied', reason: 'conflict' };
        return { outcome: 'not-applied', reason: 'conflict', current: readState(key, record) };
      },
    );
  }

  scan({ prefix, cursor = '', limit }: PageQuery): Promise<Page<StateRecord>> {
    return this.#run(scanStateScript, prefix, [prefix, cursor, limit], reply => {
      const [next, ...found] = reply as readonly (Buffer | null)[];
      const items: StateRecord[] = [];
      for (let index = 0; index < found.length; index += 2)
        items.push(readState(String(found[index]), found[index + 1] as Buffer));
      return Buffer.isBuffer(next) ? { items, cursor: next.toString() } : { items };
    });
  }

  watch(prefix: string, onChange: (key: string) => void): Disposable {
    return this.#options.watches.watchState(prefix, onChange);
  }

  #run<Result>(
    script: Parameters<ScriptRunner['run']>[0],
    name: string,
    words: readonly (string | number | Buffer)[],
    resultOf: (reply: Reply) => Result,
  ): Promise<Result> {
    const { runner, keys } = this.#options;
    return runner.runAs(script, queueBase(keys, name), words, resultOf);
  }
}

/** Version and expiry as doubles, then the value. */
function readState(key: string, record: Buffer): StateRecord {
  const version = record.readDoubleBE(0);
  const expiresAtMs = record.readDoubleBE(8);
  const value = new Uint8Array(record.subarray(16));
  return expiresAtMs < 0 ? { key, value, version } : { key, value, version, expiresAtMs };
}
