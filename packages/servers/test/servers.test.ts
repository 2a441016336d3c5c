import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  type Server,
  skipReason,
  startEtcdCluster,
  startNats,
  startPostgres,
  startRedis,
  startRedisCluster,
} from '../src/index.ts';
import { ask, askRedis } from '../src/host/probe.ts';

const started: AsyncDisposable[] = [];

async function starting<Started extends AsyncDisposable>(server: Promise<Started>): Promise<Started> {
  started.push(await server);
  return server;
}

afterEach(async () => {
  for (const server of started.splice(0)) await server[Symbol.asyncDispose]();
});

/** Whether a process is there, and not merely waiting for its parent to ask what became of it. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** What the server says first to whoever connects; nothing while it does not run or is stopped. */
const GREETINGS = {
  redis: { start: startRedis, hello: 'PING\r\n' },
  nats: { start: startNats, hello: '' },
  // An SSL request, which is answered before anybody logs in.
  postgres: { start: startPostgres, hello: Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]) },
} as const;

describe.each(['redis', 'nats', 'postgres'] as const)('%s', program => {
  const { start, hello } = GREETINGS[program];
  const says = async ({ port }: Server): Promise<string> =>
    (await ask(port, hello, ({ length }) => length > 0)).toString();

  test('is killed, restarted, paused and stopped on its port, and leaves nothing', async context => {
    const reason = skipReason(program);
    context.skip(reason !== undefined, reason);
    const server = await starting(start());
    const { port, pid, folder } = server;
    expect(await says(server)).not.toBe('');

    await server.kill();
    expect(server.isRunning).toBe(false);
    expect(() => server.pid).toThrow('is not running');
    expect(isRunning(pid)).toBe(false);
    expect(await says(server)).toBe('');

    await server.restart();
    expect(server.port).toBe(port);
    expect(server.pid).not.toBe(pid);
    expect(await says(server)).not.toBe('');

    server.pause();
    expect(await says(server)).toBe('');
    server.resume();
    expect(await says(server)).not.toBe('');

    server.pause();
    await server.stop();
    expect(server.isRunning).toBe(false);
    await server.stop();
    expect(existsSync(folder)).toBe(true);
    await server[Symbol.asyncDispose]();
    expect(existsSync(folder)).toBe(false);
  });
});

describe('data', () => {
  test('of a Redis that syncs always survives a kill, without persistence it does not', async context => {
    const reason = skipReason('redis');
    context.skip(reason !== undefined, reason);
    for (const [options, kept] of [
      [{ appendfsync: 'always' }, '$1\r\n1'],
      [{}, '$-1'],
    ] as const) {
      const server = await starting(startRedis(options));
      expect(await askRedis(server.port, 'SET', 'a', '1')).toBe('+OK');
      await server.kill();
      await server.restart();
      expect(await askRedis(server.port, 'GET', 'a')).toBe(kept);
    }
  });

  test('of a Redis Cluster lies on three masters', async context => {
    const reason = skipReason('redis');
    context.skip(reason !== undefined, reason);
    const { nodes } = await starting(startRedisCluster());
    const answers = await Promise.all(nodes.map(({ port }) => askRedis(port, 'SET', 'a', '1')));
    expect(answers.filter(answer => answer === '+OK')).toHaveLength(1);
    expect(answers.filter(answer => answer.startsWith('-MOVED 15495 127.0.0.1:'))).toHaveLength(2);
  });
});

test('an etcd cluster answers at each of its members, and leaves nothing', async context => {
  const reason = skipReason('etcd');
  context.skip(reason !== undefined, reason);
  const { members } = await starting(startEtcdCluster());
  expect(members).toHaveLength(3);
  const request = 'GET /version HTTP/1.1\r\nHost: etcd\r\nConnection: close\r\n\r\n';
  for (const { port } of members) expect((await ask(port, request)).toString()).toContain('etcdserver');
  const pids = members.map(({ pid }) => pid);
  await started.pop()?.[Symbol.asyncDispose]();
  expect(pids.map(isRunning)).toEqual([false, false, false]);
});

test('a server that does not start says what it printed', async context => {
  const reason = skipReason('redis');
  context.skip(reason !== undefined, reason);
  await expect(startRedis({ args: ['--no-such-setting', '1'] })).rejects.toThrow(
    /ended while it started[^]*no-such-setting/,
  );
});

test('a PostgreSQL of which a process is still there starts again when that has ended', async context => {
  const reason = skipReason('postgres');
  context.skip(reason !== undefined, reason);
  const server = await starting(startPostgres());
  const [child] = execFileSync('ps', ['-o', 'pid=', '--ppid', `${server.pid}`], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map(Number);
  process.kill(child!, 'SIGSTOP');
  process.kill(server.pid, 'SIGKILL');
  await vi.waitUntil(() => !server.isRunning, { timeout: 60_000 });
  const restarted = server.restart();
  try {
    await vi.waitUntil(() => server.output.includes('pre-existing shared memory block'), { timeout: 60_000 });
  } finally {
    process.kill(child!, 'SIGKILL');
  }
  await restarted;
  expect(server.isRunning).toBe(true);
});

test('a process that is killed leaves no server and no folder', async context => {
  const reason = skipReason('redis', 'postgres');
  context.skip(reason !== undefined, reason);
  const script = `
    import { startPostgres, startRedis } from ${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)};
    const servers = [await startRedis(), await startPostgres()];
    console.log(JSON.stringify(servers.map(({ pid, folder }) => ({ pid, folder }))));
    setInterval(() => {}, 1000);
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const servers = JSON.parse(line) as { pid: number; folder: string }[];
  expect(servers.map(({ pid }) => isRunning(pid))).toEqual([true, true]);
  child.kill('SIGKILL');
  await vi.waitFor(
    () => {
      expect(servers.map(({ pid }) => isRunning(pid))).toEqual([false, false]);
      expect(servers.map(({ folder }) => existsSync(folder))).toEqual([false, false]);
    },
    { timeout: 20_000, interval: 20 },
  );
});
