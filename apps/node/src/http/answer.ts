import { asProblem, type Problem } from '../problem.ts';
import { securityHeaders } from './loopback-server.ts';

/** A JSON answer with the headers that every answer carries. */
export function jsonAnswer(body: unknown, headers: Record<string, string> = {}, status = 200): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { ...securityHeaders, 'content-type': 'application/json', ...headers },
  });
}

/** Whatever was thrown, as `application/problem+json`. */
export function problemAnswer(thrown: unknown, headers: Record<string, string> = {}): Response {
  const problem: Problem = asProblem(thrown);
  const more: Record<string, string> = { ...headers, 'content-type': 'application/problem+json' };
  if (problem.code === 'UNAUTHORIZED') more['www-authenticate'] = 'Bearer';
  if (problem.status === 413) more['connection'] = 'close';
  if (problem.status === 429 || problem.status === 503) more['retry-after'] = '1';
  return jsonAnswer(problem.body, more, problem.status);
}
