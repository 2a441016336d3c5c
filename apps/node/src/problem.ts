import { InvariantError, type Outcome, QuorateError } from '@quorate/core';

/** What a {@link Problem} tells beside its status, code and detail. */
export interface ProblemOptions {
  readonly outcome?: Outcome;
  readonly retryable?: boolean;
  readonly cause?: unknown;
  /** Of `NOT_LEADER`: whom to ask instead, where that is known. */
  readonly leader?: LeaderHint;
}

/** A node that may lead, and where it listens. It may be another by the time that anybody asks it. */
export interface LeaderHint {
  readonly id: string;
  readonly url: string;
}

/** The JSON of a problem (RFC 9457, §3), with the three answers every caller needs: code, outcome, retryable. */
export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly outcome: Outcome;
  readonly retryable: boolean;
  readonly leader?: LeaderHint;
}

/**
 * A request that was not done, as an HTTP status and an RFC 9457 body.
 *
 * The outcome is `not-applied` unless said otherwise: nearly every refusal is made before anything is touched, and the few
 * places where that is not certain say `unknown`.
 */
export class Problem extends QuorateError {
  readonly status: number;
  readonly leader: LeaderHint | undefined;

  constructor(status: number, code: string, detail: string, options: ProblemOptions = {}) {
    super(code, detail, { outcome: 'not-applied', ...options });
    this.status = status;
    this.leader = options.leader;
  }

  get body(): ProblemBody {
    return {
      type: `urn:quorate:problem:${this.code}`,
      title: titleOf(this.code),
      status: this.status,
      detail: this.message,
      code: this.code,
      outcome: this.outcome,
      retryable: this.retryable,
      ...(this.leader === undefined ? {} : { leader: this.leader }),
    };
  }

  /** The problem that a peer sent, so that it can be passed on as it came. */
  static fromBody(body: ProblemBody): Problem {
    const { outcome, retryable } = body;
    return new Problem(body.status, body.code, body.detail, { outcome, retryable });
  }
}

/** Whether parsed JSON is a problem that this project wrote. */
export function isProblemBody(value: unknown): value is ProblemBody {
  if (typeof value !== 'object' || value === null) return false;
  const body = value as Partial<Record<keyof ProblemBody, unknown>>;
  return (
    typeof body.status === 'number' &&
    typeof body.code === 'string' &&
    typeof body.detail === 'string' &&
    typeof body.retryable === 'boolean' &&
    (body.outcome === 'applied' || body.outcome === 'not-applied' || body.outcome === 'unknown')
  );
}

/**
 * Anything that was thrown, as a problem.
 *
 * What nobody foresaw is a 500, and its text goes to the log, not to the client. A broken invariant is let out of here to end
 * the process: a node that does not know what it holds must not go on answering.
 */
export function asProblem(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown;
  if (thrown instanceof QuorateError) {
    const status = thrown.code === 'DEADLINE_EXCEEDED' ? 504 : 503;
    const { outcome, retryable } = thrown;
    return new Problem(status, thrown.code, thrown.message, { outcome, retryable, cause: thrown });
  }
  if (thrown instanceof InvariantError) void Promise.reject(thrown);
  else console.error(thrown);
  return new Problem(500, 'INTERNAL', 'The node failed in a way nobody foresaw; its log has the reason', {
    outcome: 'unknown',
    cause: thrown,
  });
}

function titleOf(code: string): string {
  const words = code.toLowerCase().replaceAll('_', ' ');
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}
