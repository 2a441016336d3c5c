import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ask } from './probe.ts';
import { binaryOf } from './programs.ts';
import { type Server, startServer } from './server-process.ts';

export interface NatsOptions {
  /** How often JetStream syncs what it has written, such as `10s` or `always`. Needs 2.10; undefined for the server's default. */
  readonly syncInterval?: string;
  /** More lines of the server's configuration. */
  readonly config?: string;
}

/** Starts a NATS server with JetStream. */
export function startNats({ syncInterval, config = '' }: NatsOptions = {}): Promise<Server> {
  return startServer({
    name: 'nats',
    program: binaryOf('nats'),
    prepare: async folder => {
      const sync = syncInterval === undefined ? '' : `sync_interval: "${syncInterval}"`;
      const text = `jetstream { store_dir: ${JSON.stringify(join(folder, 'jetstream'))}\n${sync}\n}\n${config}\n`;
      await writeFile(join(folder, 'nats.conf'), text);
    },
    args: (port, folder) => ['-a', '127.0.0.1', '-p', `${port}`, '-c', join(folder, 'nats.conf')],
    url: port => `nats://127.0.0.1:${port}`,
    isReady: async port => {
      const greeting = await ask(port, '', answer => answer.includes('\r\n'));
      return /^INFO .*"jetstream":true/.test(greeting.toString());
    },
  });
}
