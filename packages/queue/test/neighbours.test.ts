import { createMemoryQueueStore } from '@quorate/engine-memory';
import { FaultyQueueStore } from '@quorate/conformance';
import { ManualClock, type QueueStore, seededRandom } from '@quorate/core';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { systemProcesses } from '../src/host/system-processes.ts';
import { NeighbourWatch } from '../src/neighbours/neighbour-watch.ts';
import type { Processes } from '../src/neighbours/processes.ts';
import { turn } from './queue-stand.ts';

const queue = 'orders/new';

/** What the kernel of Linux says of a process. */
function statOf(pid: number): string {
  return readFileSync(`/proc/${pid}/stat`, 'utf8');
}

/** Workers of processes that can be ended. */
class Machine {
  readonly clock = new ManualClock();
  readonly gone = new Set<string>();
  readonly troubles: unknown[] = [];
  readonly store = createMemoryQueueStore({ clock: this.clock, random: seededRandom(1) });

  processes(self: string, host = 'here'): Processes {
    return { host, self, isGone: name => this.gone.has(name) };
  }

  watch(owner: string, processes: Processes, store: QueueStore = this.store): NeighbourWatch {
    const onTrouble = (error: unknown): void => void this.troubles.push(error);
    const named = { name: owner, mark: owner };
    return new NeighbourWatch({ store, clock: this.clock, queue, owner: named, processes, onTrouble });
  }

  /** Leases one message for an hour. */
  async lease(owner: string): Promise<void> {
    await this.store.put([{ queue, message: { body: new Uint8Array(1) } }]);
    const leased = await this.store.lease(queue, { messagesMax: 1, leaseMs: 3_600_000, owner });
    expect(leased.length).toBe(1);
  }

  async pass(durationMs: number, stepMs = 50): Promise<void> {
    for (let ms = 0; ms < durationMs; ms += stepMs) {
      this.clock.advance(stepMs);
      await turn();
    }
  }

  async readyCount(): Promise<number> {
    return (await this.store.inspect.depth(queue)).readyCount;
  }

  async owners(): Promise<string[]> {
    return (await this.store.state.scan(`${queue}/~owners/`)).items.map(({ key }) => key);
  }
}

describe('leases of a process of the same machine', () => {
  test('end when it has ended, and its record goes', async () => {
    const machine = new Machine();
    await using _first = machine.watch('first', machine.processes('1'));
    await using _second = machine.watch('second', machine.processes('2'));
    await machine.pass(600);
    await machine.lease('first');
    await machine.pass(1000);
    expect(await machine.readyCount()).toBe(0);
    machine.gone.add('1');
    await machine.pass(500);
    expect(await machine.readyCount()).toBe(1);
    expect(await machine.owners()).toEqual([`${queue}/~owners/second`]);
    expect(machine.troubles).toEqual([]);
  });

  test('stay where it runs on another machine, whatever its number is', async () => {
    const machine = new Machine();
    await using _first = machine.watch('first', machine.processes('1', 'there'));
    await using _second = machine.watch('second', machine.processes('2'));
    await machine.lease('first');
    machine.gone.add('1');
    await machine.pass(15_000);
    expect(await machine.readyCount()).toBe(0);
  });

  test('end though its end came while the store could not be reached', async () => {
    const machine = new Machine();
    const faults = { refused: 0, random: seededRandom(2) };
    await using _first = machine.watch('first', machine.processes('1'));
    const faulty = new FaultyQueueStore(machine.store.open(), faults, machine.clock);
    await using _second = machine.watch('second', machine.processes('2'), faulty);
    await machine.pass(600);
    await machine.lease('first');
    faults.refused = 1;
    machine.gone.add('1');
    await machine.pass(2000);
    expect([await machine.readyCount(), machine.troubles.length > 0]).toEqual([0, true]);
    faults.refused = 0;
    await machine.pass(500);
    expect(await machine.readyCount()).toBe(1);
  });

  test('are found where it began after the last list, and nobody told of it', async () => {
    const machine = new Machine();
    const muted = new FaultyQueueStore(machine.store.open(), { muted: true }, machine.clock);
    await using _second = machine.watch('second', machine.processes('2'), muted);
    await machine.pass(600);
    await using _first = machine.watch('first', machine.processes('1'));
    await machine.pass(600);
    await machine.lease('first');
    machine.gone.add('1');
    await machine.pass(11_000);
    expect(await machine.readyCount()).toBe(1);
  });

  test('end also where both have worked for longer than a record stands', async () => {
    const machine = new Machine();
    await using _first = machine.watch('first', machine.processes('1'));
    await using _second = machine.watch('second', machine.processes('2'));
    await machine.pass(125 * 60_000, 1000);
    expect(await machine.owners()).toEqual([`${queue}/~owners/first`, `${queue}/~owners/second`]);
    await machine.lease('first');
    machine.gone.add('1');
    await machine.pass(500);
    expect(await machine.readyCount()).toBe(1);
    expect(machine.troubles).toEqual([]);
  });

  test('leave nothing behind where it ends in order', async () => {
    const machine = new Machine();
    const watch = machine.watch('first', machine.processes('1'));
    await machine.pass(600);
    expect(await machine.owners()).toEqual([`${queue}/~owners/first`]);
    await watch[Symbol.asyncDispose]();
    expect(await machine.owners()).toEqual([]);
    expect(machine.clock.timerCount).toBe(0);
  });
});

describe('a process of this machine', () => {
  test('is known to run, and to have ended', async () => {
    const processes = systemProcesses();
    expect(processes.isGone(processes.self)).toBe(false);
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    const name = `${child.pid}/`;
    expect(processes.isGone(name)).toBe(false);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await vi.waitFor(() => expect(processes.isGone(name)).toBe(true));
  });

  test.runIf(process.platform === 'linux')(
    'of a number that another has now is known to have ended (needs Linux)',
    () => {
      const processes = systemProcesses();
      expect(processes.isGone(`${process.pid}/1`)).toBe(true);
      expect(processes.isGone(`1/`)).toBe(false);
    },
  );

  test.runIf(process.platform === 'linux')(
    'that waits to be buried by its parent is known to have ended (needs Linux)',
    async () => {
      // What the shell becomes does not ask after the child that it had before.
      const parent = spawn('sh', ['-c', 'sleep 1000 & echo $!; exec sleep 1000'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [line] = (await once(parent.stdout, 'data')) as [Buffer];
      const pid = Number(line.toString());
      try {
        const [, start = ''] = /^\d+ \(.*\) (?:\S+ ){19}(\d+) /s.exec(statOf(pid)) ?? [];
        const name = `${pid}/${start}`;
        const processes = systemProcesses();
        expect(processes.isGone(name)).toBe(false);
        // As long as it is a shell it does ask.
        await vi.waitFor(() => expect(statOf(parent.pid as number)).toContain('(sleep)'), {
          timeout: 30_000,
        });
        process.kill(pid, 'SIGKILL');
        await vi.waitFor(() => expect(statOf(pid)).toMatch(/\) Z /), { timeout: 30_000 });
        expect(processes.isGone(name)).toBe(true);
      } finally {
        parent.kill('SIGKILL');
      }
    },
  );

  test('of no name that can be read is taken to run', () => {
    const processes = systemProcesses();
    for (const name of ['', '/', '-1/1', '0/1', 'x/1', '1.5/1']) expect(processes.isGone(name)).toBe(false);
  });
});
