import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sleep, systemClock } from '@quorate/core';
import { afterAll, expect, test } from 'vitest';
import type { SessionOperation } from '../../src/index.ts';
import { freeAddresses, ReplicaProcess } from './replica-client.ts';

const folder = mkdtempSync(join(tmpdir(), 'quorate-replication-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const names = ['ada', 'bob', 'cyd'];

test('three processes with journals on disk lose nothing that was acknowledged when leaders are killed', async () => {
  const addresses = await freeAddresses(names);
  const running = new Map<string, ReplicaProcess>();
  await using stack = new AsyncDisposableStack();
  const start = async (name: string): Promise<void> => {
    running.set(name, stack.use(await ReplicaProcess.start(name, folder, addresses)));
  };
  await Promise.all(names.map(start));

  /** Asks whoever leads, until the outcome is known. */
  const tell = async (question: { type: 'write' | 'open'; value?: string; session?: SessionOperation }) => {
    for (let attempt = 0; attempt < 2000; attempt++) {
      for (const replica of running.values()) {
        const { code, value } = await replica.ask(question);
        if (code === undefined) return value;
        expect([
          'NOT_LEADER',
          'LEADERSHIP_LOST',
          'SUPERSEDED',
          'DEADLINE_EXCEEDED',
          'TRANSFERRING',
        ]).toContain(code);
      }
      // As any client does that finds no leader: there will be one after an election.
      await sleep(systemClock, 10);
    }
    throw new Error('Nobody answered');
  };

  const session = Number(await tell({ type: 'open' }));
  const written: string[] = [];
  for (let round = 0; round < 3; round++) {
    for (let number = 0; number < 20; number++) {
      const sequence = written.length + 1;
      const value = `${round}-${number}`;
      const replies = await tell({
        type: 'write',
        value,
        session: { session, sequence, settled: sequence - 1 },
      });
      written.push(value);
      expect(replies).toBe(written.length);
    }
    const [some] = running.values();
    const { value: leader } = await some!.ask({ type: 'leader' });
    const victim = running.get(leader as string)!;
    // What is under way when the leader dies is repeated at the next, and applied once.
    const sequence = written.length + 1;
    const operation = { session, sequence, settled: sequence - 1 };
    const attempt = victim.ask({ type: 'write', value: `last-${round}`, session: operation });
    await victim.kill();
    await attempt;
    running.delete(victim.name);
    await tell({ type: 'write', value: `last-${round}`, session: operation });
    written.push(`last-${round}`);
    await start(victim.name);
  }
  for (const replica of running.values())
    expect(await replica.ask({ type: 'read' })).toMatchObject({ value: written });
}, 60_000);
