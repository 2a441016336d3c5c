import { execFile, execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ask } from './probe.ts';
import { binaryOf, findBinary } from './programs.ts';
import { type Server, startServer } from './server-process.ts';

export interface PostgresOptions {
  /** Settings, such as `{ synchronous_commit: 'off' }`. */
  readonly settings?: Readonly<Record<string, string | number>>;
}

const run = promisify(execFile);

/**
 * Starts PostgreSQL on a new cluster of databases, with `fsync` on, over TCP alone. Its superuser is `postgres`, without a password.
 *
 * It refuses to run as root, so there it runs as the user `postgres` or `nobody`.
 */
export function startPostgres({ settings = {} }: PostgresOptions = {}): Promise<Server> {
  const program = binaryOf('postgres');
  const user = process.getuid?.() === 0 ? unprivilegedUser() : undefined;
  const all = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    fsync: 'on',
    ...settings,
  };
  return startServer({
    name: 'postgres',
    program,
    user,
    prepare: async folder => {
      const initdb = findBinary('initdb') ?? join(dirname(program), 'initdb');
      // Not synced: a crash of the machine while a test begins is nothing that a test survives.
      const args = ['-D', join(folder, 'data'), '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync'];
      await run(initdb, [...args, '--locale=C'], { cwd: folder, ...user });
    },
    args: (port, folder) => [
      '-D',
      join(folder, 'data'),
      '-p',
      `${port}`,
      ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    url: port => `postgres://postgres@127.0.0.1:${port}/postgres`,
    isReady,
    // The fast shutdown: open connections are ended rather than waited for.
    stopSignal: 'SIGINT',
    notYet: /pre-existing shared memory block/,
  });
}

/** A startup message is answered with R (authentication) once the server takes connections, and with E (error) before. */
async function isReady(port: number): Promise<boolean> {
  const parameters = Buffer.from('user\0postgres\0database\0postgres\0\0');
  const header = Buffer.alloc(8);
  header.writeInt32BE(header.length + parameters.length, 0);
  header.writeInt32BE(3 << 16, 4);
  const answer = await ask(port, Buffer.concat([header, parameters]), ({ length }) => length > 0);
  return answer[0] === 'R'.charCodeAt(0);
}

function unprivilegedUser(): { uid: number; gid: number } {
  for (const name of ['postgres', 'nobody']) {
    try {
      const id = (flag: string): number =>
        Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      // There is no such user.
    }
  }
  throw new Error('PostgreSQL refuses to run as root, and there is no user "postgres" or "nobody"');
}
