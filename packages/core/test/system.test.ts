import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { sleep, systemClock, systemRandom } from '@quorate/core';
import { describe, expect, test } from 'vitest';

/** Prints the clock of another process, read from the same source file. */
const otherClock = `
  const { systemClock } = await import(${JSON.stringify(import.meta.resolve('@quorate/core'))});
  const reading = { bootMs: systemClock.bootMs(), bootId: systemClock.bootId, monotonicMs: systemClock.monotonicMs() };
`;

describe('systemClock', () => {
  test('monotonic and boot time never go back', () => {
    let [monotonic, boot] = [systemClock.monotonicMs(), systemClock.bootMs()];
    for (let reading = 0; reading < 10_000; reading++) {
      const next = [systemClock.monotonicMs(), systemClock.bootMs()] as const;
      expect(next[0]).toBeGreaterThanOrEqual(monotonic);
      expect(next[1]).toBeGreaterThanOrEqual(boot);
      [monotonic, boot] = next;
    }
  });

  test.skipIf(process.platform !== 'linux')(
    'boot time brackets that of another process (Linux only: others tell no boot id)',
    () => {
      const beforeMs = systemClock.bootMs();
      const output = execFileSync(process.execPath, [
        '--input-type=module',
        '-e',
        `${otherClock} console.log(JSON.stringify(reading));`,
      ]);
      const afterMs = systemClock.bootMs();
      const reading = JSON.parse(String(output)) as { bootMs: number; bootId: string; monotonicMs: number };
      expect(reading.bootId).toBe(systemClock.bootId);
      expect(reading.bootId).toBe(readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
      expect(reading.bootMs).toBeGreaterThan(beforeMs);
      expect(reading.bootMs).toBeLessThan(afterMs);
      // Its monotonic time has an origin of its own, which is why there are two readings.
      expect(reading.monotonicMs).toBeLessThan(beforeMs);
    },
  );

  test('boot time brackets that of another thread', async () => {
    const code = `${otherClock} (await import('node:worker_threads')).parentPort.postMessage(reading);`;
    const beforeMs = systemClock.bootMs();
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`));
    const reading = await new Promise<{ bootMs: number; bootId: string }>((resolve, reject) => {
      worker.once('message', resolve).once('error', reject);
    });
    expect(reading.bootId).toBe(systemClock.bootId);
    // Half a microsecond is the most that each thread's measured origin may be off.
    expect(reading.bootMs).toBeGreaterThan(beforeMs - 0.01);
    expect(reading.bootMs).toBeLessThan(systemClock.bootMs() + 0.01);
  });

  test('a timer never fires early', async () => {
    for (const delayMs of [0, 0.4, 1, 3.7]) {
      const startMs = systemClock.monotonicMs();
      await sleep(systemClock, delayMs);
      expect(systemClock.monotonicMs() - startMs).toBeGreaterThanOrEqual(delayMs);
    }
  });

  test('a delay beyond the platform’s limit does not fire at once', async () => {
    using _ = systemClock.setTimer(2 ** 40, () => expect.unreachable('the long timer fired'));
    await sleep(systemClock, 20);
  });

  test('an unrefed timer lets the process end, also in its second leg', () => {
    const code = `
      const { systemClock } = await import(${JSON.stringify(import.meta.resolve('@quorate/core'))});
      systemClock.setTimer(2 ** 40, () => {}).unref();
      const twice = systemClock.setTimer(2 ** 40, () => {}); twice.unref(); twice.ref(); twice.unref();
    `;
    // It throws when the process has to be ended instead.
    expect(
      String(execFileSync(process.execPath, ['--input-type=module', '-e', code], { timeout: 20_000 })),
    ).toBe('');
  });

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('a delay of %s is refused', delayMs => {
    expect(() => systemClock.setTimer(delayMs, () => {})).toThrow(RangeError);
  });
});

describe('systemRandom', () => {
  test('gives words, bytes and numbers in their ranges', () => {
    for (let draw = 0; draw < 2_000; draw++) {
      expect(systemRandom.uint32()).toSatisfy(
        (word: number) => Number.isInteger(word) && word >= 0 && word < 2 ** 32,
      );
    }
    expect(systemRandom.bytes(65_536)).toHaveLength(65_536);
    expect(new Set(Array.from({ length: 64 }, () => systemRandom.bytes(16).toString())).size).toBe(64);
    expect(() => systemRandom.bytes(65_537)).toThrow(
      new RangeError('Byte count must be an integer from 0 to 65536: received 65537'),
    );
  });

  test('a fork is as random as its parent', () => {
    expect(systemRandom.fork('a').uint32()).not.toBe(systemRandom.fork('a').uint32());
  });
});
