import { QuorateError } from '@quorate/core';
import type { RedisClient } from './redis-client.ts';
import { readConfig, readInfo, type ServerFacts } from '../server-facts.ts';

const SETTINGS = ['appendonly', 'appendfsync', 'no-appendfsync-on-rewrite'];

/** The first version whose scripts can do what ours do. Every Valkey says that it is as good as a later one. */
const majorMin = 7;

/**
 * Asks a server, or each master of a cluster, how it is set up.
 *
 * @throws QuorateError `UNSUPPORTED` where one is older than Redis 7.0; one that does not say is taken as it is
 */
export async function inspectServers(client: RedisClient): Promise<readonly ServerFacts[]> {
  const nodes = client.nodes?.('master') ?? [client];
  const facts = await Promise.all(nodes.map(inspect));
  for (const { info } of facts) {
    const version = info?.get('redis_version');
    if (version === undefined || !(Number.parseInt(version, 10) < majorMin)) continue;
    throw new QuorateError(
      'UNSUPPORTED',
      `Redis must be of version ${majorMin}.0 or later: found ${version}`,
      {
        outcome: 'not-applied',
      },
    );
  }
  return facts;
}

async function inspect(node: RedisClient): Promise<ServerFacts> {
  const info = ask(async () => {
    const parts = await Promise.all(['server', 'replication', 'memory'].map(name => node.call('INFO', name)));
    return readInfo(parts.map(String).join('\n'));
  });
  // Servers before 7.0 take one name at a time.
  const config = ask(async () => {
    const answers = await Promise.all(SETTINGS.map(name => node.call('CONFIG', 'GET', name)));
    return new Map(answers.flatMap(answer => [...readConfig(answer)]));
  });
  return { info: await info, config: await config };
}

/** Where a server forbids the question there is no answer. */
async function ask<Answer>(question: () => Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await question();
  } catch {
    return undefined;
  }
}
