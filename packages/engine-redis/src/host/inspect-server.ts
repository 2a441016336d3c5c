import type { RedisClient } from './redis-client.ts';
import { readConfig, readInfo, type ServerFacts } from '../server-facts.ts';

const SETTINGS = ['appendonly', 'appendfsync', 'no-appendfsync-on-rewrite'];

/** Asks a server, or each master of a cluster, how it is set up. */
export async function inspectServers(client: RedisClient): Promise<readonly ServerFacts[]> {
  const nodes = client.nodes?.('master') ?? [client];
  return Promise.all(nodes.map(inspect));
}

async function inspect(node: RedisClient): Promise<ServerFacts> {
  const info = ask(async () => {
    const [replication, memory] = await Promise.all(
      ['replication', 'memory'].map(name => node.call('INFO', name)),
    );
    return readInfo(`${String(replication)}\n${String(memory)}`);
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
