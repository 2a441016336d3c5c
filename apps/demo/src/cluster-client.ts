import { type Clock, linkSignal } from '@quorate/core';
import { isProblemBody, type NodeStatus, Problem } from '@quorate/node';

/** One operation of a batch. */
export type BatchOperation =
  | { readonly op: 'get' | 'delete'; readonly key: string }
  | { readonly op: 'put'; readonly key: string; readonly value: string };

/** What a read or a write came to. `value` is there for a read that found one. */
export interface KeyAnswer {
  readonly status: number;
  readonly version: number;
  readonly value: string | undefined;
  readonly code: string | undefined;
  readonly retryable: boolean;
}

const deadlineMs = 6000;

/** The HTTP API of the nodes, as any client would use it. */
export class ClusterClient {
  readonly #token: string;
  readonly #clock: Clock;

  constructor(token: string, clock: Clock) {
    this.#token = token;
    this.#clock = clock;
  }

  /** One key, through the node at `url`. A problem is an answer; only an unreachable node is an exception. */
  async single(url: string, operation: BatchOperation): Promise<KeyAnswer> {
    const method = { get: 'GET', put: 'PUT', delete: 'DELETE' }[operation.op];
    const body = operation.op === 'put' ? operation.value : undefined;
    const path = `/v1/kv?${new URLSearchParams({ key: operation.key })}`;
    const { response, text } = await this.#request(url, method, path, body);
    if (!response.ok) return problemAnswer(text, response.status);
    const version = Number(response.headers.get('quorate-version'));
    const value = operation.op === 'get' ? text : undefined;
    return { status: response.status, version, value, code: undefined, retryable: false };
  }

  /** Many keys at once, through the node at `url`, in one answer each. @throws Problem when the whole batch is refused */
  async batch(url: string, operations: readonly BatchOperation[]): Promise<KeyAnswer[]> {
    const { response, text } = await this.#request(url, 'POST', '/v1/batch', JSON.stringify({ operations }));
    const json = JSON.parse(text) as { results?: BatchResult[] };
    if (!response.ok || json.results === undefined) throw problemOf(json, response.status);
    return json.results.map(result => ({
      status: result.status,
      version: result.version ?? 0,
      value: result.value,
      code: result.problem?.code,
      retryable: result.problem?.retryable ?? false,
    }));
  }

  async status(url: string, withinMs: number = deadlineMs): Promise<NodeStatus> {
    const { response, text } = await this.#request(url, 'GET', '/v1/status', undefined, withinMs);
    if (!response.ok) throw problemOf(JSON.parse(text), response.status);
    return JSON.parse(text) as NodeStatus;
  }

  /** A call that only nodes and the supervisor may make, with their token. @throws Problem */
  async peer(url: string, path: string, body: unknown): Promise<void> {
    const { response, text } = await this.#request(url, 'POST', path, JSON.stringify(body));
    if (!response.ok) throw problemOf(JSON.parse(text), response.status);
  }

  async #request(
    url: string,
    method: string,
    path: string,
    body?: string,
    withinMs: number = deadlineMs,
  ): Promise<{ response: Response; text: string }> {
    using linked = linkSignal(this.#clock, { deadlineMs: withinMs });
    const headers: Record<string, string> = { authorization: `Bearer ${this.#token}` };
    if (method === 'POST') headers['content-type'] = 'application/json';
    const response = await fetch(url + path, {
      method,
      headers,
      signal: linked.signal,
      ...(body === undefined ? {} : { body }),
    });
    return { response, text: await response.text() };
  }
}

interface BatchResult {
  readonly status: number;
  readonly version?: number;
  readonly value?: string;
  readonly problem?: { readonly code: string; readonly retryable: boolean };
}

function problemOf(json: unknown, status: number): Problem {
  if (isProblemBody(json)) return Problem.fromBody(json);
  return new Problem(status, 'BAD_ANSWER', `A node answered ${status} without a problem`, {
    outcome: 'unknown',
  });
}

function problemAnswer(text: string, status: number): KeyAnswer {
  const { code, retryable } = problemOf(JSON.parse(text), status);
  return { status, version: 0, value: undefined, code, retryable };
}
