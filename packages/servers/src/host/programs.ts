import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A server that can be started, where it is installed. */
export type Program = 'redis' | 'nats' | 'postgres' | 'etcd';

/** Names of each program's binaries, the preferred first. */
const BINARIES: Readonly<Record<Program, readonly string[]>> = {
  redis: ['redis-server', 'valkey-server'],
  nats: ['nats-server'],
  postgres: ['postgres'],
  etcd: ['etcd'],
};

/** Where Debian keeps PostgreSQL's programs, which are not on everybody's path. */
const POSTGRES_FOLDERS = [17, 16, 15].map(version => `/usr/lib/postgresql/${version}/bin`);

/** The path of a program that is installed; undefined where none is. */
export function findBinary(...names: readonly string[]): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', ...POSTGRES_FOLDERS];
  return names.flatMap(name => folders.map(folder => join(folder, name))).find(isExecutable);
}

/** The path of a server's program. @throws Error where it is not installed */
export function binaryOf(program: Program): string {
  const path = findBinary(...BINARIES[program]);
  if (path === undefined) throw new Error(missing(program));
  return path;
}

/** Says why a server cannot be started here; undefined where it can. */
export function missing(program: Program): string | undefined {
  const names = BINARIES[program];
  if (findBinary(...names) === undefined) return `needs ${names.join(' or ')}, which is not installed`;
  if (program === 'postgres' && findBinary('initdb') === undefined)
    return 'needs initdb, which is not installed';
  return undefined;
}

/**
 * Why tests that need these servers are skipped; undefined where they run.
 *
 * With QUORATE_REQUIRE_SERVICES=1 nothing is skipped: what is missing is an error, so that a gate cannot pass by testing nothing.
 *
 * @throws Error where a program is missing that is required
 */
export function skipReason(...programs: readonly Program[]): string | undefined {
  const reason = programs.map(missing).find(text => text !== undefined);
  if (reason === undefined) return undefined;
  if (process.env['QUORATE_REQUIRE_SERVICES'] === '1')
    throw new Error(`QUORATE_REQUIRE_SERVICES is set, but this ${reason}`);
  return reason;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
