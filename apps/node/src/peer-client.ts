import { type Clock, errorCode, linkSignal, type WaitOptions } from '@quorate/core';
import { fieldsOf, parseJson } from './http/json.ts';
import type { Operation, Reply } from './operation.ts';
import type { Page } from './outbox.ts';
import { isProblemBody, Problem } from './problem.ts';
import type { ViewRecord } from './view.ts';
import { decodePage, decodeReply, encodeOperation } from './wire.ts';

/** What a peer answers to forwarded operations. */
export interface ForwardAnswer {
  readonly replies: readonly Reply[];
  /** The peer's view, when it is newer than the sender's. */
  readonly view: unknown;
}

/** Which part of an outbox is asked for. */
export type HandoverRequest = { readonly cursor: number } | { readonly keys: readonly string[] };

/**
 * One node's calls to the others.
 *
 * Each has a deadline, and each failure says whether the other side can have done something: a refused connection has not
 * carried the request anywhere, everything later may have.
 */
export class PeerClient {
  readonly #self: string;
  readonly #token: string;
  readonly #clock: Clock;

  constructor(self: string, token: string, clock: Clock) {
    this.#self = self;
    this.#token = token;
    this.#clock = clock;
  }

  /** Has a peer do operations that it owns in view `epoch`. It never passes them on. */
  async forward(
    url: string,
    epoch: number,
    operations: readonly Operation[],
    wait: WaitOptions,
  ): Promise<ForwardAnswer> {
    const body = {
      epoch,
      from: this.#self,
      deadlineMs: wait.deadlineMs,
      operations: operations.map(encodeOperation),
    };
    const answer = fieldsOf(await this.#post(url, '/v1/peer/operations', body, wait), 'An answer');
    const { replies, view } = answer;
    if (!Array.isArray(replies) || replies.length !== operations.length) {
      throw new Problem(502, 'BAD_PEER_MESSAGE', 'A peer answered with another number of replies', {
        outcome: 'unknown',
      });
    }
    return { replies: replies.map(decodeReply), view };
  }

  /** Pulls from a key's old owner. The view goes along, so that the old owner has cut over before it answers. */
  async pull(url: string, view: ViewRecord, request: HandoverRequest, wait: WaitOptions): Promise<Page> {
    const body = { to: this.#self, view, ...request };
    return decodePage(await this.#post(url, '/v1/peer/handover', body, wait));
  }

  /** Tells a peer that is behind. */
  async sendView(url: string, view: ViewRecord, wait: WaitOptions): Promise<void> {
    await this.#post(url, '/v1/peer/view', view, wait);
  }

  async #post(url: string, path: string, body: unknown, wait: WaitOptions): Promise<unknown> {
    using linked = linkSignal(this.#clock, wait);
    const target = url + path;
    try {
      const response = await fetch(target, {
        method: 'POST',
        headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
        redirect: 'error',
        signal: linked.signal,
      });
      const json = parseJson(new Uint8Array(await response.arrayBuffer()), 16);
      if (response.ok) return json;
      throw isProblemBody(json) ? Problem.fromBody(json) : badAnswer(target, response.status);
    } catch (error) {
      throw error instanceof Problem ? error : unreachable(target, error);
    }
  }
}

function badAnswer(target: string, status: number): Problem {
  return new Problem(502, 'BAD_PEER_MESSAGE', `${target} answered ${status} without a problem`, {
    outcome: 'unknown',
  });
}

function unreachable(target: string, error: unknown): Problem {
  if (errorCode(error) === 'DEADLINE_EXCEEDED' || errorCode(error) === 'ABORTED') {
    const detail = `${new URL(target).host} did not answer in time`;
    return new Problem(504, 'PEER_TIMEOUT', detail, { outcome: 'unknown', retryable: true, cause: error });
  }
  const code = errorCode((error as Error).cause) ?? 'unknown error';
  return new Problem(503, 'PEER_UNREACHABLE', `${new URL(target).host} cannot be reached: ${code}`, {
    outcome: code === 'ECONNREFUSED' ? 'not-applied' : 'unknown',
    retryable: true,
    cause: error,
  });
}
