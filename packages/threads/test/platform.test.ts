import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type Backend, channel, connect, createTeam, spawn, threads } from '@quorate/threads';
import { describe, expect, test } from 'vitest';
import * as node from '../src/host/node-platform.ts';
import type { Platform } from '../src/host/platform.ts';
import { siblingUrl } from '../src/host/sibling-url.ts';
import * as web from '../src/host/web-platform.ts';
import type { sums, workshop } from './fixtures/workshop.ts';

const workshopUrl = new URL('./fixtures/workshop.ts', import.meta.url);

describe('the platforms', () => {
  test('offer the same', () => {
    const platforms: readonly Platform[] = [node, web];
    for (const platform of platforms) {
      expect(platform.usefulThreads()).toBeGreaterThanOrEqual(1);
      const hold = platform.holdOpen();
      hold[Symbol.dispose]();
      hold[Symbol.dispose]();
    }
  });

  test('find the bootstrap beside them, in sources and in what is published', () => {
    expect(siblingUrl('node-bootstrap', 'file:///p/src/host/node-thread.ts').href).toBe(
      'file:///p/src/host/node-bootstrap.ts',
    );
    expect(siblingUrl('web-bootstrap', 'https://a.b/dist/host/web-thread.js?v=1').href).toBe(
      'https://a.b/dist/host/web-bootstrap.js',
    );
  });

  test('a browser refuses what only Node has', () => {
    expect(() => web.threads({ env: {} })).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
  });
});

describe('in Node', () => {
  test('a worker gets the environment and the options that it was given', async () => {
    const backend = threads({ env: { GREETING: 'hello' }, execArgv: ['--no-warnings'] });
    await using worker = await spawn<typeof workshop>(workshopUrl, { backend });
    expect(await worker.call('environment')).toEqual({
      env: { GREETING: 'hello' },
      execArgv: ['--no-warnings'],
    });
  });

  test('a worker that runs out of memory is lost, with the reason', async () => {
    const backend = threads({ resourceLimits: { maxOldGenerationSizeMb: 32 } });
    const worker = await spawn<typeof workshop>(workshopUrl, { backend });
    await expect(worker.call('hoard')).rejects.toMatchObject({ code: 'WORKER_LOST', outcome: 'unknown' });
    const exit = await worker.exited;
    expect(exit).toMatchObject({ reason: 'threw', cause: { code: 'ERR_WORKER_OUT_OF_MEMORY' } });
  });

  test('limits that Node refuses make spawn fail', async () => {
    const backend = threads({ execArgv: ['--no-such-option'] });
    await expect(spawn(workshopUrl, { backend })).rejects.toMatchObject({
      code: 'SPAWN_FAILED',
      cause: { code: 'ERR_WORKER_INVALID_EXEC_ARGV' },
    });
  });

  test('a connection over a port that had ended before is lost at once', async () => {
    const [left, right] = channel<never>();
    right.close();
    await new Promise(resolve => left.addEventListener('close', () => resolve(undefined)));
    await expect(connect<typeof sums>(left).call('never')).rejects.toMatchObject({
      code: 'WORKER_LOST',
      outcome: 'not-applied',
    });
  });

  test('a spawn into a full team leaves no channel open', async () => {
    const team = createTeam({ capacity: 1 });
    team.join();
    const backend = threads();
    let closed: Promise<unknown> | undefined;
    const watched: Backend = {
      ...backend,
      channel() {
        const pair = backend.channel();
        closed = new Promise(resolve => pair[1].addEventListener('close', () => resolve('closed')));
        return pair;
      },
    };
    await expect(spawn(workshopUrl, { backend: watched, team })).rejects.toMatchObject({ code: 'TEAM_FULL' });
    expect(await closed).toBe('closed');
  });

  test('a worker keeps the process alive until it is let go, even with a call under way', async () => {
    const source = `
      import { spawn, threads } from '@quorate/threads';
      const worker = await spawn(${JSON.stringify(workshopUrl)}, { backend: threads({ execArgv: [] }) });
      worker.call('never').catch(() => {});
      worker.unref();
      console.log('let go');`;
    // It throws when the process has to be ended instead.
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', source], {
      cwd: import.meta.dirname,
      timeout: 20_000,
    });
    expect(stdout).toBe('let go\n');
  });

  test('an answer that cannot be read ends the connection', async () => {
    const [left, right] = channel<never>();
    const connection = connect<typeof sums>(left);
    const never = connection.call('never');
    (left as unknown as EventTarget).dispatchEvent(new Event('messageerror'));
    await expect(never).rejects.toMatchObject({ code: 'WORKER_LOST', outcome: 'unknown' });
    right.close();
  });
});
