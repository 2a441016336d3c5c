import type { Script } from '../scripts/script.ts';
import type { Reply } from './redis-client.ts';

/** What a script is given beside its key. */
export type Words = readonly (string | number | Buffer)[];

/** Whoever asked for a script to be run. */
export interface ScriptCaller {
  readonly onReply: (reply: Reply) => void;
  readonly onError: (error: Error) => void;
}

/**
 * EVALSHA with one key, as ioredis sends and answers commands: by structure, as a client of another version may be handed in.
 *
 * Its own commands bring a promise, five functions and a look at each argument along, which is more than all the rest of what a lock
 * takes on this side.
 */
export class ScriptCommand {
  readonly name = 'evalsha';
  readonly inTransaction = false;
  readonly isReadOnly = false;
  /** Nobody is told of it over `diagnostics_channel`, which would wait for the promise that is not there. */
  readonly isTraced = true;
  readonly promise: undefined = undefined;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
  readonly #script: Script;
  readonly #key: string;
  readonly #words: Words;

  constructor(script: Script, key: string, words: Words, { onReply, onError }: ScriptCaller) {
    this.#script = script;
    this.#key = key;
    this.#words = words;
    this.resolve = onReply;
    this.reject = onError;
  }

  /** For those who print errors. */
  get args(): Words {
    return [this.#script.sha1, '1', this.#key, ...this.#words];
  }

  /** Answers are taken as they come. */
  setReplyContext(): void {}

  /** In the protocol of Redis: an array of strings, each with its length in bytes. */
  toWritable(): string | Buffer {
    const { sha1 } = this.#script;
    let text = `*${this.#words.length + 4}\r\n$7\r\nevalsha\r\n$40\r\n${sha1}\r\n$1\r\n1\r\n${bulk(this.#key)}`;
    let parts: Buffer[] | undefined;
    for (const word of this.#words) {
      if (typeof word === 'string') text += bulk(word);
      else if (typeof word === 'number') {
        const digits = `${word}`;
        text += `$${digits.length}\r\n${digits}\r\n`;
      } else {
        parts ??= [];
        parts.push(Buffer.from(`${text}$${word.length}\r\n`), word);
        text = '\r\n';
      }
    }
    return parts === undefined ? text : Buffer.concat([...parts, Buffer.from(text)]);
  }
}

function bulk(word: string): string {
  return `$${Buffer.byteLength(word)}\r\n${word}\r\n`;
}
