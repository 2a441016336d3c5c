import type { IncomingMessage } from 'node:http';
import { Problem } from '../problem.ts';

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Refuses what a web page that the user happens to visit could send to a server on loopback.
 *
 * - A name that somebody's DNS has rebound to 127.0.0.1 arrives with its own `Host`: 421.
 * - A foreign page's write arrives with its `Origin`, or with `Sec-Fetch-Site` saying so: 403. Browsers cannot forge these.
 *
 * It runs on the raw request, before any framework looks at it. Programs send neither header and pass. The token is the
 * real lock; this keeps strangers from even trying it.
 *
 * @returns the refusal, or `undefined` when the request may go on
 */
export function refusalOf(incoming: IncomingMessage, hostsAllowed: ReadonlySet<string>): Problem | undefined {
  const hosts = incoming.headersDistinct['host'] ?? [];
  const host = hosts[0]?.toLowerCase();
  if (hosts.length !== 1 || host === undefined || !hostsAllowed.has(host)) {
    return new Problem(
      421,
      'MISDIRECTED',
      `This server answers to ${[...hostsAllowed].join(', ')} only: received Host ${JSON.stringify(host ?? '')}`,
    );
  }
  if (!incoming.url?.startsWith('/')) {
    return new Problem(400, 'BAD_TARGET', 'The request target must be a path that starts with /');
  }
  if (safeMethods.has(incoming.method ?? '')) return undefined;
  const { origin } = incoming.headers;
  if (origin !== undefined && origin.toLowerCase() !== `http://${host}`) {
    return new Problem(403, 'FOREIGN_ORIGIN', `Writes from pages of ${JSON.stringify(origin)} are refused`);
  }
  const site = incoming.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    return new Problem(403, 'FOREIGN_ORIGIN', 'Writes from pages of other sites are refused');
  }
  return undefined;
}

/** The values of `Host` by which a server on loopback may be called. */
export function loopbackHosts(port: number): Set<string> {
  return new Set([`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`]);
}
