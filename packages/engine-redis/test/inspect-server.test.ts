import { expect, test } from 'vitest';
import { inspectServers } from '../src/host/inspect-server.ts';
import type { RedisClient, RedisTemplate } from '../src/host/redis-client.ts';

type RedisNode = RedisClient & RedisTemplate;

/** A server that says of itself nothing but its version, and not even that where it has none. */
function server(version: string | undefined): RedisNode {
  return {
    async call(command: string, name: string) {
      if (version === undefined) throw new Error(`NOPERM no permissions to run ${command}`);
      return command === 'INFO' && name === 'server' ? `# Server\r\nredis_version:${version}\r\n` : '';
    },
  } as unknown as RedisNode;
}

test('a server before 7.0 is refused by its version, also beside others', async () => {
  const refused = {
    code: 'UNSUPPORTED',
    outcome: 'not-applied',
    message: 'Redis must be of version 7.0 or later: found 6.2.14',
  };
  await expect(inspectServers(server('6.2.14'))).rejects.toMatchObject(refused);
  const nodes = ['7.2.4', '6.2.14', '8.0.0'].map(server);
  await expect(inspectServers({ ...server('7.2.4'), nodes: () => nodes })).rejects.toMatchObject(refused);
});

test.each([['7.0.0'], ['8.2.1'], ['10.0.0'], ['unstable'], [undefined]])(
  'one of 7.0 or later, or that does not say, is taken: %s',
  async version => {
    const [facts] = await inspectServers(server(version));
    expect(facts?.info?.get('redis_version')).toBe(version);
  },
);
