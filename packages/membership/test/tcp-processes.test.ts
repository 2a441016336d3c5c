import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';

interface Report {
  readonly address?: string;
  readonly change?: string;
  readonly members?: readonly string[];
  readonly lateMaxMs?: number;
}

/** A member in another process, which is killed by its id at the end if it still lives. */
class MemberProcess implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly id: string;
  readonly changes: string[] = [];
  address = '';
  #latest: Report = {};
  readonly #looks: Set<() => void> = new Set();

  private constructor(id: string, child: ChildProcess) {
    this.id = id;
    this.child = child;
    child.on('message', (report: Report) => {
      if (report.change !== undefined) this.changes.push(report.change);
      if (report.address !== undefined) this.address = report.address;
      if (report.members !== undefined) this.#latest = report;
      for (const look of this.#looks) look();
    });
  }

  static async start(id: string, seed?: MemberProcess): Promise<MemberProcess> {
    const child = fork(
      join(import.meta.dirname, 'fixtures/member.ts'),
      [JSON.stringify({ self: id, seed: seed?.address })],
      { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
    );
    const member = new MemberProcess(id, child);
    await member.until(() => member.address !== '');
    return member;
  }

  /** Settles once it is so, looking whenever the process says something. */
  async until(isSo: () => boolean): Promise<void> {
    await new Promise<void>(resolve => {
      const look = (): void => {
        if (!isSo()) return;
        this.#looks.delete(look);
        resolve();
      };
      this.#looks.add(look);
      look();
    });
  }

  /** Asks for its members until they are those. */
  async sees(...members: string[]): Promise<Report> {
    const expected = members.sort().join();
    // What it sees changes with what it is told, so it is asked again after each change.
    for (let asked = -1; ; ) {
      if (asked !== this.changes.length) {
        asked = this.changes.length;
        this.#latest = {};
        this.child.send('members');
      }
      await this.until(() => this.#latest.members !== undefined || this.changes.length > asked);
      if (this.#latest.members?.join() === expected) return this.#latest;
      await this.until(() => this.changes.length > asked);
    }
  }

  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    process.kill(this.child.pid as number, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exit = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exit;
  }
}

test('three processes of which each knows only the address of the first find each other; one that is killed is noticed, one that stops is taken back, one that leaves is not missed', async () => {
  await using ada = await MemberProcess.start('ada');
  await using bob = await MemberProcess.start('bob', ada);
  await using cyd = await MemberProcess.start('cyd', ada);
  for (const each of [ada, bob, cyd]) await each.sees('ada alive', 'bob alive', 'cyd alive');

  cyd.signal('SIGSTOP');
  for (const each of [ada, bob]) {
    await each.until(() => each.changes.includes('failed cyd'));
    await each.sees('ada alive', 'bob alive');
  }
  cyd.signal('SIGCONT');
  for (const each of [ada, bob]) {
    await each.until(() => each.changes.lastIndexOf('joined cyd') > each.changes.indexOf('failed cyd'));
  }
  for (const each of [ada, bob, cyd]) await each.sees('ada alive', 'bob alive', 'cyd alive');
  const { lateMaxMs } = await cyd.sees('ada alive', 'bob alive', 'cyd alive');
  // It knows that it stood still, so it took nobody else for dead.
  expect(lateMaxMs).toBeGreaterThan(500);
  expect(cyd.changes.filter(change => change.startsWith('failed'))).toEqual([]);

  cyd.signal('SIGKILL');
  for (const each of [ada, bob]) {
    await each.until(() => each.changes.filter(change => change === 'failed cyd').length === 2);
    await each.sees('ada alive', 'bob alive');
  }
  bob.child.send('leave');
  await ada.until(() => ada.changes.includes('left bob'));
  await ada.sees('ada alive');
  expect(ada.changes).not.toContain('failed bob');
}, 60_000);

test('those who know each other by hearsay need nobody between them: the one whom all knew is killed', async () => {
  await using ada = await MemberProcess.start('ada');
  await using bob = await MemberProcess.start('bob', ada);
  await using cyd = await MemberProcess.start('cyd', ada);
  for (const each of [ada, bob, cyd]) await each.sees('ada alive', 'bob alive', 'cyd alive');
  ada.signal('SIGKILL');
  for (const each of [bob, cyd]) {
    await each.until(() => each.changes.includes('failed ada'));
    await each.sees('bob alive', 'cyd alive');
  }
  // A message that only the two can have told each other.
  bob.child.send('leave');
  await cyd.until(() => cyd.changes.includes('left bob'));
  expect(cyd.changes).not.toContain('failed bob');
}, 60_000);
