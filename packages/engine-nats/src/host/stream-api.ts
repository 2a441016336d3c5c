import { QuorateError } from '@quorate/core';
import { JsHeaders, PubHeaders, type StreamConfig } from '@nats-io/jetstream';
import { headers, type Msg } from '@nats-io/nats-core';
import { unavailable } from '../unavailable.ts';
import type { Requests } from './requests.ts';

/** A message as the stream keeps it. */
export interface StoredMessage {
  readonly subject: string;
  readonly sequence: number;
  readonly bytes: Uint8Array;
  /** When it was stored, by the server's clock, in ms since 1970. */
  readonly wallMs: number;
}

export interface Publication {
  readonly subject: string;
  readonly bytes: Uint8Array;
  /** The number that the subject's last message must have, 0 for none; undefined for any. */
  readonly expected?: number | undefined;
  /** Replaces what the subject has. */
  readonly isRollup: boolean;
}

interface Answer {
  readonly error?: { readonly code: number; readonly err_code?: number; readonly description?: string };
  readonly [name: string]: unknown;
}

interface AnsweredMessage {
  readonly subject: string;
  readonly seq: number;
  /** In base64; left out where there is none. */
  readonly data?: string;
  readonly time: string;
}

/** What the server says of a stream. */
export interface StreamState {
  readonly config: StreamConfig;
  readonly state: { readonly subjects?: Readonly<Record<string, number>> };
  /** How many subjects there are, of which this is a page. */
  readonly total?: number;
}

/** Error codes of JetStream (server/errors.json). */
const errors = {
  wrongLastSequence: 10071,
  noMessage: 10037,
  streamNotFound: 10059,
  nameTaken: 10058,
  notDeleted: 10057,
} as const;

/** Those of a message that finds no room: resources of the server or the account, and what the stream or the disk may hold. */
const full: readonly number[] = [10023, 10028, 10047, 10077];

/** The calls of JetStream's API that the store is made of, one request each. */
export class StreamApi {
  readonly #requests: Requests;
  readonly #stream: string;
  readonly #api: string;

  constructor(requests: Requests, stream: string, api: string) {
    this.#requests = requests;
    this.#stream = stream;
    this.#api = api;
  }

  get requests(): Requests {
    return this.#requests;
  }

  /** The last message of a subject, asked of the stream's leader. */
  lastOf(subject: string): Promise<StoredMessage | undefined> {
    return this.#get({ last_by_subj: subject });
  }

  /** The first message of a subject from a number on. */
  nextOf(subject: string, from: number): Promise<StoredMessage | undefined> {
    return this.#get({ seq: from, next_by_subj: subject });
  }

  /**
   * Stores a message and gives its number; `undefined` where the subject's last message is not the expected one.
   * It is sent in the order of calls, at once or not at all.
   *
   * @throws QuorateError `UNAVAILABLE`, also `unknown`; `STORE_REFUSED`
   */
  async publish({ subject, bytes, expected, isRollup }: Publication): Promise<number | undefined> {
    const fields = headers();
    if (expected !== undefined) fields.set(PubHeaders.ExpectedLastSubjectSequenceHdr, `${expected}`);
    if (isRollup) fields.set(JsHeaders.RollupHdr, JsHeaders.RollupValueSubject);
    const answer = parse(await this.#requests.send(subject, bytes, fields));
    if (answer.error === undefined) return answer['seq'] as number;
    if (answer.error.err_code === errors.wrongLastSequence) return undefined;
    throw refused('a message', answer.error);
  }

  /**
   * Stores a message behind whatever there is, and gives its number.
   *
   * @throws QuorateError `UNAVAILABLE`, also `unknown`; `STORE_FULL`; `STORE_REFUSED`
   */
  async append(subject: string, bytes: Uint8Array): Promise<number> {
    const { error, ...answer } = parse(await this.#requests.send(subject, bytes));
    if (error === undefined) return answer['seq'] as number;
    if (!full.includes(error.err_code ?? 0)) throw refused('a message', error);
    const message = `NATS has no room (${error.err_code}): ${error.description}`;
    throw new QuorateError('STORE_FULL', message, { retryable: true, outcome: 'not-applied' });
  }

  /**
   * Deletes exactly one message; false where it is not there any more. It is overwritten: what the server only strikes from its index is
   * there again after it was killed, and so would be a session that had ended (nats-server 2.9.10).
   */
  async deleteMessage(sequence: number): Promise<boolean> {
    const { error } = await this.#ask('STREAM.MSG.DELETE', { seq: sequence });
    if (error === undefined) return true;
    if (error.err_code === errors.noMessage || error.err_code === errors.notDeleted) return false;
    throw refused('a deletion', error);
  }

  /** Deletes every message of a subject, or those before a number. */
  async purge(subject: string, before?: number): Promise<void> {
    const query = before === undefined ? { filter: subject } : { filter: subject, seq: before };
    const { error } = await this.#ask('STREAM.PURGE', query);
    if (error !== undefined) throw refused('a purge', error);
  }

  /** The subjects that match a pattern and have messages. Of so many that the server gives them in pages, some that come or go meanwhile may be missing. */
  async subjects(pattern: string): Promise<readonly string[]> {
    const found = new Set<string>();
    for (let offset = 0; ; ) {
      const answer = await this.#ask('STREAM.INFO', { subjects_filter: pattern, offset });
      if (answer.error !== undefined) throw refused('a question', answer.error);
      const { state, total = 0 } = answer as unknown as StreamState;
      const page = Object.keys(state.subjects ?? {});
      for (const subject of page) found.add(subject);
      offset += page.length;
      if (page.length === 0 || offset >= total) return [...found];
    }
  }

  /** What the stream is set to; undefined where it is not there. */
  async info(): Promise<StreamState | undefined> {
    const answer = await this.#ask('STREAM.INFO', {});
    if (answer.error?.err_code === errors.streamNotFound) return undefined;
    if (answer.error !== undefined) throw refused('a question', answer.error);
    return answer as unknown as StreamState;
  }

  /** The server's time in ms since 1970, as servers from 2.10 on say it. */
  async timeTold(): Promise<number | undefined> {
    const answer = await this.#ask('STREAM.INFO', {});
    if (answer.error !== undefined) throw refused('a question', answer.error);
    return typeof answer['ts'] === 'string' ? Date.parse(answer['ts']) : undefined;
  }

  /** Makes a consumer, and says when, by the server's clock in ms since 1970. */
  async createConsumer(name: string, config: object): Promise<number> {
    const subject = `${this.#api}.CONSUMER.CREATE.${this.#stream}.${name}`;
    const query = { stream_name: this.#stream, config: { ...config, name } };
    const answer = parse(await this.#requests.request(subject, JSON.stringify(query)));
    if (answer.error !== undefined) throw refused('a consumer', answer.error);
    return Date.parse(answer['created'] as string);
  }

  /** Lets the server forget a consumer sooner than it would. */
  forgetConsumer(name: string): void {
    this.#requests.tell(`${this.#api}.CONSUMER.DELETE.${this.#stream}.${name}`, '');
  }

  /** Makes the stream; false where somebody else made another under its name. */
  async create(config: Partial<StreamConfig>): Promise<boolean> {
    const { error } = await this.#ask('STREAM.CREATE', config);
    if (error?.err_code === errors.nameTaken) return false;
    if (error !== undefined) throw refused('the stream', error);
    return true;
  }

  async #get(query: object): Promise<StoredMessage | undefined> {
    const answer = await this.#ask('STREAM.MSG.GET', query);
    if (answer.error?.err_code === errors.noMessage) return undefined;
    if (answer.error !== undefined) throw refused('a question', answer.error);
    const { subject, seq, data = '', time } = answer['message'] as AnsweredMessage;
    return {
      subject,
      sequence: seq,
      bytes: Buffer.from(data, 'base64'),
      wallMs: Date.parse(time),
    };
  }

  async #ask(name: string, query: object): Promise<Answer> {
    const subject = `${this.#api}.${name}.${this.#stream}`;
    return parse(await this.#requests.request(subject, JSON.stringify(query)));
  }
}

function parse(message: Msg): Answer {
  try {
    return JSON.parse(Buffer.from(message.data).toString()) as Answer;
  } catch (thrown) {
    throw unavailable('NATS answered something that is not JetStream’s', true, thrown);
  }
}

/** An error that the server gave as an answer: it has done nothing. */
function refused(
  what: string,
  { code, err_code = 0, description = '' }: NonNullable<Answer['error']>,
): QuorateError {
  const message = `NATS refused ${what} (${err_code}): ${description}`;
  // 408 and 503: it cannot now. 10059: the stream is gone, and may be made again.
  if (code === 408 || code === 503 || err_code === errors.streamNotFound) return unavailable(message, false);
  return new QuorateError('STORE_REFUSED', message, { outcome: 'not-applied' });
}
