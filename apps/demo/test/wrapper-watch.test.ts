import { ManualClock } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { type ProcessInfo, watchWrapper, wrapperChain } from '../src/wrapper-watch.ts';

/** The processes of `npx --yes pnpm@12 demo` in a shell, as Linux shows them. */
function processes(): Map<number, ProcessInfo> {
  const table: [number, number, string[]][] = [
    [50, 40, ['sh', '-c', 'trap ... INT; node apps/demo/src/main.ts']],
    [40, 30, ['pnpm', 'demo']],
    [30, 20, ['sh', '-c', "'pnpm' demo"]],
    [20, 10, ['npm exec pnpm@12 demo']],
    [10, 1, ['bash']],
  ];
  return new Map(
    table.map(([pid, parent, command]) => [pid, { pid, parent, command, startedAt: `t${pid}` }]),
  );
}

describe('the chain of wrappers', () => {
  test('reaches up to the outermost package manager, and no further', () => {
    const table = processes();
    expect(wrapperChain(50, pid => table.get(pid)).map(({ pid }) => pid)).toEqual([50, 40, 30, 20]);
  });

  test('is empty without a package manager: a shell that goes away ends nothing', () => {
    const table = processes();
    expect(wrapperChain(10, pid => table.get(pid))).toEqual([]);
    table.set(40, { pid: 40, parent: 1, command: ['sh', '-c', 'node main.ts'], startedAt: 't' });
    expect(wrapperChain(50, pid => table.get(pid))).toEqual([]);
  });

  test('stops at anything else, such as timeout or a script', () => {
    const table = processes();
    table.set(30, { pid: 30, parent: 20, command: ['timeout', '60', 'pnpm', 'demo'], startedAt: 't' });
    expect(wrapperChain(50, pid => table.get(pid)).map(({ pid }) => pid)).toEqual([50, 40]);
  });

  test.each([
    [['node', '/usr/lib/node_modules/npm/bin/npm-cli.js', 'run', 'demo'], true],
    [['node', '/opt/pnpm/pnpm.cjs', 'demo'], true],
    [['/usr/local/bin/npx', 'pnpm@12'], true],
    [['node', 'server.js', 'npm'], false],
    [['vim', 'pnpm-lock.yaml'], false],
  ])('%j counts as one: %s', (command, counts) => {
    const lookup = (pid: number): ProcessInfo => ({ pid, parent: 1, command, startedAt: 't' });
    expect(wrapperChain(50, lookup)).toHaveLength(counts ? 1 : 0);
  });
});

describe('the watch', () => {
  const chainOf = (table: Map<number, ProcessInfo>) => (pid: number) =>
    table.get(pid === process.ppid ? 50 : pid);

  test('calls once when a wrapper is gone, and looks no more', () => {
    const clock = new ManualClock();
    const table = processes();
    const gone: string[] = [];
    // The watch asks for the chain from this process's own parent; the table stands in for it.
    using _watch = watchWrapper(clock, command => gone.push(command), chainOf(table));
    clock.advance(5000);
    expect(gone).toEqual([]);
    table.delete(20);
    clock.advance(500);
    expect(gone).toEqual(['npm exec pnpm@12 demo']);
    table.delete(30);
    clock.advance(5000);
    expect(gone).toHaveLength(1);
  });

  test('is not fooled by a process id that is used again', () => {
    const clock = new ManualClock();
    const table = processes();
    const gone: string[] = [];
    using _watch = watchWrapper(clock, command => gone.push(command), chainOf(table));
    table.set(20, { pid: 20, parent: 1, command: ['npm exec pnpm@12 demo'], startedAt: 'later' });
    clock.advance(500);
    expect(gone).toHaveLength(1);
  });

  test('is over when disposed', () => {
    const clock = new ManualClock();
    const table = processes();
    const gone: string[] = [];
    watchWrapper(clock, command => gone.push(command), chainOf(table))[Symbol.dispose]();
    table.clear();
    clock.advance(5000);
    expect(gone).toEqual([]);
  });
});
