import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '@quorate/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { summary } from '../src/narrator.ts';
import { permissionModel } from '../src/node-flags.ts';
import { NodeProcess } from '../src/node-process.ts';
import { replicationChecks, type ReplicationReport } from '../src/replication/act.ts';
import type { TourReport } from '../src/tour.ts';
import { allGone, canSeeProcesses, DemoRun, main, nodeProcesses } from './demo-run.ts';

const folder = mkdtempSync(join(tmpdir(), 'quorate-demo-'));
afterAll(() => rmSync(folder, { recursive: true }));

const keyCount = 3000;
/** Writes that clients can have under way. */
const underWayMax = 8;

describe('pnpm demo --json', () => {
  let report: TourReport;
  let stderr = '';

  beforeAll(async () => {
    const file = join(folder, 'keys.txt');
    const plain = Array.from({ length: keyCount - 6 }, (_, index) => `key ${index}`);
    writeFileSync(file, ['__proto__', 'constructor', '.', '..', 'a/b', '😀', ...plain].join('\n'));
    await using run = new DemoRun(['--json', '--keys', file, '--seed', '11']);
    expect(await run.end(200_000)).toEqual({ code: 0, signal: null });
    expect(readdirSync(folder)).toEqual(['keys.txt']);
    expect(run.files).toEqual([]);
    report = JSON.parse(run.stdout) as TourReport;
    stderr = run.stderr;
  }, 240_000);

  test('prints the report, and nothing else, on stdout', () => {
    expect(report).toMatchObject({ schema: 'quorate-demo/2', ok: true, seed: 11, nodes: 3 });
    expect(report.keys).toEqual({ source: join(folder, 'keys.txt'), count: keyCount });
    expect(report.checks.filter(check => !check.ok)).toEqual([]);
    expect(stderr).toMatch(/Page: http:\/\/127\.0\.0\.1:\d+\/#token=/);
    expect(JSON.stringify(report)).not.toContain('token');
  });

  test('adds a node and removes one: no key lost, none stale, with writes all the time', () => {
    const [added, removed] = report.changes;
    for (const change of [added, removed]) {
      expect(change?.check).toMatchObject({
        read: keyCount,
        ok: keyCount,
        lost: 0,
        stale: 0,
        wrong: 0,
        died: 0,
        unreadable: 0,
      });
      expect(change?.check.throughNodes).toBeGreaterThan(1);
      expect(change?.traffic.writes).toBeGreaterThan(0);
      expect(change?.traffic.violations).toBe(0);
      expect(change?.keysOnDeadNode).toBe(0);
    }
    expect(added?.node).toBe('n4');
  });

  test('moves about the least that is possible, and nothing between untouched nodes', () => {
    for (const { kind, moved, handedOver } of report.changes) {
      expect(moved.unnecessary).toBe(0);
      expect(moved.space).toBeGreaterThan(moved.minimum * 0.7);
      expect(moved.space).toBeLessThan(moved.minimum * 1.3);
      expect(moved.ofKeys).toBeCloseTo(moved.space, 1);
      if (kind !== 'kill') {
        // Deleted keys need not be handed over, one in thirteen where clients have long been at it; a client's own pull
        // counts in both.
        expect(handedOver.inPages + handedOver.onDemand).toBeGreaterThan(moved.keys * 0.8);
      }
    }
  });

  test('is told to people in a few lines', () => {
    const lines = summary(report).join('\n');
    expect(lines).toContain('All checks passed');
    expect(lines).toContain('Repeat with --seed 11');
    expect(lines).toContain('They are lost: the ring keeps one copy');
    const broken = { ...report, ok: false, checks: [{ name: 'a promise', ok: false, detail: 'why' }] };
    expect(summary(broken).join('\n')).toContain('FAILED a promise (why)');
  });

  test('kills a node and says how many keys went with it; the rest is served', () => {
    const crash = report.changes[2];
    expect(crash).toMatchObject({ kind: 'kill' });
    expect(crash?.keysOnDeadNode).toBeGreaterThan(300);
    expect(crash?.check).toMatchObject({ lost: 0, stale: 0, wrong: 0, unreadable: 0 });
    // Traffic writes some of the lost keys anew before they are read back, the more the longer that takes.
    const { writes = 0, deletes = 0 } = crash?.traffic ?? {};
    expect(crash?.check.died).toBeGreaterThanOrEqual(
      (crash?.keysOnDeadNode ?? 0) - writes - deletes - underWayMax,
    );
    expect(crash?.check.died).toBeLessThanOrEqual(crash?.keysOnDeadNode ?? 0);
    expect((crash?.check.ok ?? 0) + (crash?.check.died ?? 0)).toBe(keyCount);
    expect(stderr).toContain(
      `died with the only copy of ${crash?.keysOnDeadNode} keys of the ring: they are lost`,
    );
  });

  test('kills the leader of three replicas: others go on, and no acknowledged write is lost', () => {
    const { replicas, writesAcknowledged, failover, readBack, history } = report.replication;
    expect(replicas).toHaveLength(3);
    expect(report.replication.durability).toBe(permissionModel ? 'os' : 'fsync');
    expect(replicas).toContain(failover.killed);
    expect(replicas).toContain(failover.leader);
    expect(failover.leader).not.toBe(failover.killed);
    expect(failover.term).toBeGreaterThan(failover.termBefore);
    expect(failover.gapMs).toBeGreaterThan(0);
    for (const each of [failover.readBack, readBack]) {
      expect(each).toMatchObject({ lost: 0, wrong: 0, unreadable: 0, right: each.keys });
      expect(each.keys).toBeGreaterThan(12);
    }
    expect(readBack.acknowledged).toBe(writesAcknowledged);
    expect(writesAcknowledged).toBeGreaterThan(failover.readBack.acknowledged);
    expect(history).toMatchObject({ verdict: 'ok', detail: null });
    expect(history.operations).toBeGreaterThan(writesAcknowledged);
    expect(stderr).toContain(`${failover.gapMs} ms without an acknowledged write`);
    expect(stderr).toContain('the history is linearizable');
  });

  test('starts the killed replica again, which catches up, and has leadership handed over', () => {
    const { failover, catchUp, transfer } = report.replication;
    expect(catchUp.node).toBe(failover.killed);
    expect(catchUp.durableEntries).toBeGreaterThan(0);
    expect(catchUp.heldEntries).toBeGreaterThanOrEqual(catchUp.durableEntries);
    expect(catchUp.missedEntries).toBeGreaterThan(0);
    expect(stderr).toContain(`it has caught up in ${catchUp.catchUpMs} ms`);
    expect(transfer.to).not.toBe(transfer.from);
    expect(transfer.term).toBeGreaterThan(failover.term);
  });

  test('fails the run where the history or a read-back does', () => {
    const { replication } = report;
    expect(replicationChecks(replication).every(check => check.ok)).toBe(true);
    const { readBack, history, catchUp } = replication;
    const broken: ReplicationReport[] = [
      { ...replication, history: { ...history, verdict: 'violation' } },
      { ...replication, history: { ...history, verdict: 'unknown' } },
      { ...replication, readBack: { ...readBack, right: readBack.right - 1, lost: 1 } },
      // All is there again in the end, from the others: its own journal was lost.
      { ...replication, catchUp: { ...catchUp, heldEntries: 0 } },
    ];
    for (const each of broken) expect(replicationChecks(each).filter(check => !check.ok)).toHaveLength(1);
  });
});

describe('what cannot work', () => {
  test('a wrong argument is exit code 2, a sentence on stderr, and a hint', async () => {
    await using run = new DemoRun(['--keys', '/nowhere/keys']);
    expect((await run.end()).code).toBe(2);
    expect(run.stdout).toBe('');
    expect(run.stderr).toContain('/nowhere/keys cannot be read');
    expect(run.stderr).toContain('pnpm demo --help');
  });

  test('--help is on stdout with exit code 0', async () => {
    await using run = new DemoRun(['--help']);
    expect((await run.end()).code).toBe(0);
    expect(run.stdout).toContain('Usage: pnpm demo [options]');
  });

  test('a port that is taken is said so, and nothing is left running', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise(resolve => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    await using run = new DemoRun(['--port', String(port), '--count', '10']);
    expect((await run.end()).code).toBe(1);
    expect(run.stderr).toContain(`demo: Port ${port} of 127.0.0.1 is taken`);
    server.close();
  });

  test('a node that ends or fails at its start is an error with its last words, not a hang', async () => {
    const secrets = { clientToken: 'x'.repeat(43), peerToken: 'y'.repeat(43) };
    const broken = fileURLToPath(new URL('fixtures/broken-node.ts', import.meta.url));
    await expect(NodeProcess.start('n1', secrets, systemClock, { main: broken })).rejects.toMatchObject({
      code: 'NODE_START_FAILED',
      message: 'Node n1 did not start: it exited with code 3. It wrote:\nno room today',
    });
    const refused = NodeProcess.start('n1', { ...secrets, clientToken: 'short' }, systemClock);
    await expect(refused).rejects.toThrow(
      'Node n1 did not start: Token must have at least 16 characters: received 5',
    );
  });
});

describe.skipIf(!canSeeProcesses)('whatever ends the supervisor ends the nodes (needs /proc)', () => {
  test('a closed terminal', { timeout: 180_000 }, async () => {
    const { run, nodes } = await DemoRun.staying();
    await using _run = run;
    process.kill(run.pid, 'SIGHUP');
    expect((await run.end()).code).toBe(129);
    await allGone(nodes);
    await run.cleared();
    expect(run.stdout).toContain('Ending (SIGHUP)');
    expect(run.stderr).toBe('');
  });

  test('Ctrl-C, which reaches the nodes too', { timeout: 180_000 }, async () => {
    const { run, nodes } = await DemoRun.staying();
    await using _run = run;
    process.kill(-run.pid, 'SIGINT');
    expect((await run.end()).code).toBe(130);
    await allGone(nodes);
    await run.cleared();
    expect(run.stdout).toContain('Ending (SIGINT)');
    expect(run.output).not.toContain('died with the only copy');
    expect(run.stderr).toBe('');
  });

  test('kill -9', { timeout: 180_000 }, async () => {
    const { run, nodes } = await DemoRun.staying();
    await using _run = run;
    expect(run.files).toHaveLength(3);
    process.kill(run.pid, 'SIGKILL');
    expect((await run.end()).signal).toBe('SIGKILL');
    await allGone(nodes);
    await run.cleared();
  });

  test('TERM in the middle of the tour', { timeout: 180_000 }, async () => {
    await using run = new DemoRun(['--keep', '--count', '600']);
    await run.waitFor(/n4 joins/);
    const nodes = nodeProcesses(run.pid);
    process.kill(run.pid, 'SIGTERM');
    expect((await run.end()).code).toBe(143);
    // By now the tour may be a step or two further, with one removed and one killed.
    expect(nodes.length).toBeGreaterThanOrEqual(2);
    await allGone(nodes);
    await run.cleared();
    expect(run.stdout).toContain('Ending (SIGTERM)');
    expect(run.stderr).toBe('');
  });

  test('the end of the package manager that wrapped it', { timeout: 180_000 }, async () => {
    // What `npm exec` is here: it starts a shell, and passes no signal on.
    const wrapper = join(folder, 'npm-cli.js');
    const inner = `"${process.execPath}" "${main}" "$@"; exit $?`;
    writeFileSync(
      wrapper,
      `require('node:child_process').spawn('sh', ['-c', ${JSON.stringify(inner)}, 'sh', ...process.argv.slice(2)], { stdio: 'inherit' });`,
    );
    const { run, nodes } = await DemoRun.staying([], [process.execPath, wrapper]);
    await using _run = run;
    process.kill(run.pid, 'SIGTERM');
    await allGone(nodes);
    await run.cleared();
    expect(run.output).toContain('is gone): stopping the nodes');
    rmSync(wrapper);
  });

  test('a node killed from outside is reported lost with its keys, and the rest goes on', {
    timeout: 180_000,
  }, async () => {
    const { run, nodes } = await DemoRun.staying();
    await using _run = run;
    const deaths = (run.output.match(/died with the only copy/g) ?? []).length;
    expect(deaths).toBe(0);
    process.kill(nodes[0] ?? 0, 'SIGKILL');
    await run.waitFor(/died with the only copy of \d+ keys/);
    process.kill(run.pid, 'SIGTERM');
    expect((await run.end()).code).toBe(143);
    await allGone(nodes);
    await run.cleared();
  });
});
