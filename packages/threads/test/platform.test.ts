import { connect, channel, threads, spawn } from '@quorate/threads';
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

  test('an answer that cannot be read ends the connection', async () => {
    const [left, right] = channel<never>();
    const connection = connect<typeof sums>(left);
    const never = connection.call('never');
    (left as unknown as EventTarget).dispatchEvent(new Event('messageerror'));
    await expect(never).rejects.toMatchObject({ code: 'WORKER_LOST', outcome: 'unknown' });
    right.close();
  });
});
