import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { BusyError, takeBenchLock } from '../src/run/bench-lock.ts';

const root = mkdtempSync(join(tmpdir(), 'quorate-bench-lock-test-'));
const children: ChildProcess[] = [];
let folders = 0;

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(() => rmSync(root, { recursive: true }));

function folder(): string {
  return join(root, `lock-${folders++}`);
}

function write(where: string, pid: number, content: string): void {
  mkdirSync(where, { recursive: true });
  writeFileSync(join(where, `${pid}.json`), content);
}

/** A process that takes the lock, says so, and keeps it until it is killed. */
async function holder(where: string): Promise<ChildProcess> {
  const module = new URL('../src/run/bench-lock.ts', import.meta.url).href;
  const script = `
    import { takeBenchLock } from ${JSON.stringify(module)};
    globalThis.lock = takeBenchLock(${JSON.stringify(where)});
    process.stdout.write('held');
    setInterval(() => {}, 1e6);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  await once(child.stdout as NonNullable<typeof child.stdout>, 'data');
  return child;
}

describe('takeBenchLock', () => {
  it('can be taken again once it was given back', () => {
    const where = folder();
    for (let round = 0; round < 2; round++) {
      using _lock = takeBenchLock(where);
      expect(readdirSync(where)).toEqual([`${process.pid}.json`]);
    }
    expect(readdirSync(where)).toEqual([]);
  });

  it('refuses while another process holds it, names it, and is free when that process was killed', async () => {
    const where = folder();
    const other = await holder(where);
    expect(() => takeBenchLock(where)).toThrow(BusyError);
    expect(() => takeBenchLock(where)).toThrow(`process ${other.pid}`);
    expect(readdirSync(where)).toEqual([`${other.pid}.json`]);
    other.kill('SIGKILL');
    await once(other, 'exit');
    using _lock = takeBenchLock(where);
    expect(readdirSync(where)).toEqual([`${process.pid}.json`]);
  });

  it('takes over from a process that is gone, whatever it left', () => {
    const gone = spawnSync(process.execPath, ['-e', '']).pid;
    for (const content of [JSON.stringify({ pid: gone, started: '1' }), '', '{"pid":']) {
      const where = folder();
      write(where, gone, content);
      using _lock = takeBenchLock(where);
      expect(readdirSync(where)).toEqual([`${process.pid}.json`]);
    }
  });

  it('does not take another process for the one that had its number', ctx => {
    ctx.skip(process.platform !== 'linux', 'only Linux tells when a process started');
    const where = folder();
    write(where, process.ppid, JSON.stringify({ pid: process.ppid, started: 'long ago' }));
    using _lock = takeBenchLock(where);
    expect(readdirSync(where)).toEqual([`${process.pid}.json`]);
  });

  it('waits for nobody who is still writing, and does not run either', () => {
    const where = folder();
    write(where, process.ppid, '');
    expect(() => takeBenchLock(where)).toThrow('is starting');
    expect(readdirSync(where)).toEqual([`${process.ppid}.json`]);
  });
});
