import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runServer } from 'verdaccio';

/** A registry of our own on the loopback, empty, without a way to any other. */
export interface LocalRegistry extends AsyncDisposable {
  readonly url: string;
  /** What npm needs to publish to it: a user config with a token that the registry does not look at. */
  readonly env: Readonly<Record<string, string>>;
}

/** Starts verdaccio in this process on a free port, with its storage in a temporary folder. */
export async function startLocalRegistry(): Promise<LocalRegistry> {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-registry-'));
  const server: Server = await runServer({
    self_path: join(folder, 'config.yaml'),
    storage: join(folder, 'storage'),
    auth: { htpasswd: { file: join(folder, 'htpasswd'), max_users: -1 } },
    uplinks: {},
    packages: { '**': { access: '$all', publish: '$all', unpublish: '$all' } },
    middlewares: {},
    web: { enable: false },
    log: { type: 'stdout', format: 'json', level: 'fatal' },
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const userConfig = join(folder, 'npmrc');
  writeFileSync(userConfig, `//127.0.0.1:${port}/:_authToken=anybody\nupdate-notifier=false\n`);
  return {
    url: `http://127.0.0.1:${port}/`,
    env: { NPM_CONFIG_USERCONFIG: userConfig, npm_config_userconfig: userConfig },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
