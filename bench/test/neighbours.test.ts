import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { startNeighbours } from '../src/validate/neighbours.ts';
import { eventually, isRunning } from './processes.ts';

const started: number[] = [];

// Where a test fails that they end, they must end all the same.
afterEach(() => {
  for (const pid of started.splice(0)) if (isRunning(pid)) process.kill(pid, 'SIGKILL');
});

describe('startNeighbours', () => {
  it('starts so many processes, and ends them when it is disposed of', async () => {
    const neighbours = startNeighbours(2, 1);
    started.push(...neighbours.pids);
    expect(neighbours.pids).toHaveLength(2);
    expect(neighbours.pids.every(isRunning)).toBe(true);
    neighbours[Symbol.dispose]();
    await eventually('The end of the neighbours', () => !neighbours.pids.some(isRunning));
  });

  it('starts none where none are wanted', () => {
    using neighbours = startNeighbours(0, 1);
    expect(neighbours.pids).toEqual([]);
  });

  it('leaves none behind when its process is killed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'quorate-neighbours-test-'));
    const script = join(folder, 'parent.mjs');
    const module = new URL('../src/validate/neighbours.ts', import.meta.url).href;
    writeFileSync(
      script,
      `import { startNeighbours } from ${JSON.stringify(module)};
      console.log(JSON.stringify(startNeighbours(2, 1).pids));`,
    );
    const parent = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
    if (parent.pid !== undefined) started.push(parent.pid);
    const pids = JSON.parse(await firstLine(parent)) as number[];
    started.push(...pids);
    expect(pids).toHaveLength(2);
    expect(pids.every(isRunning)).toBe(true);
    parent.kill('SIGKILL');
    await once(parent, 'close');
    await eventually('The end of the neighbours', () => !pids.some(isRunning));
    rmSync(folder, { recursive: true });
  });
});

async function firstLine(child: ChildProcess): Promise<string> {
  let text = '';
  for await (const part of child.stdout ?? []) {
    text += String(part);
    if (text.includes('\n')) break;
  }
  return text;
}
