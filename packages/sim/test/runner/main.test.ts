import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { loadRegressions } from '../../src/host/replay-regressions.ts';
import { scenarios, sim, simHere, simJson, startSim } from './sim-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'quorate-sim-main-'));

// Each of these starts some processes; a busy machine takes its time.
vi.setConfig({ testTimeout: 120_000 });
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('pnpm sim', () => {
  test('prints help, and the list of scenarios', async () => {
    const [help, list] = await Promise.all([sim('--help'), sim('--list')]);
    expect([help.code, help.stderr, list.code, list.stderr]).toEqual([0, '', 0, '']);
    for (const option of [
      '--seeds',
      '--jobs',
      '--budget',
      '--replay',
      '--keep',
      '--check-determinism',
      '--json',
    ]) {
      expect(help.stdout).toContain(option);
    }
    expect(list.stdout).toMatch(/^forgetful +A counter that forgets/m);
    expect(list.stdout).toMatch(/^throwing +Throws in some seeds$/m);
  });

  test.each([
    [['--fast'], "Unknown option '--fast'"],
    [['stedy'], 'No scenario is called "stedy"; is it steady?'],
    [['steady', '--seeds', '-1'], "Option '--seeds' argument is ambiguous\n"],
    [['nothing-like-it'], 'No scenario is called "nothing-like-it"; there are forgetful, steady, '],
    [
      ['steady', '--json', '/no/such/folder/file'],
      'Option --json must name a file that can be written: ENOENT',
    ],
    [['--replay', 'sim1/-/gone/1/-/-/-/-'], 'No scenario is called "gone"'],
  ])('answers %j with a sentence and 64', async (args, message) => {
    const { code, stdout, stderr } = await simHere(...args);
    expect([code, stdout]).toEqual([64, '']);
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/\npnpm sim --help lists the options\n$/);
  });

  test('says what is wrong with a module that does not load', async () => {
    const broken = fileURLToPath(new URL('../fixtures/broken', import.meta.url));
    const { code, stdout, stderr } = await startSim(['--list', '--scenarios', broken]).ended;
    expect([code, stdout]).toEqual([3, '']);
    expect(stderr).toMatch(/Scenarios \S+unloadable\.ts must load: Error: Not today/);
    expect(stderr).toMatch(/Scenarios \S+nothing\.ts must export a scenario/);
    const run = await startSim(['some', '--scenarios', broken]).ended;
    expect([run.code, run.stdout]).toEqual([3, '']);
  });

  test('a correct scenario: sums, coverage, and a warning for a probe that no seed reached', async () => {
    const { code, json } = await simJson('steady', '--seeds', '1..40', '--jobs', '2');
    expect(code).toBe(0);
    expect(json).toMatchObject({ exitCode: 0, ended: 'done', seeds: { done: 40 }, verdicts: { ok: 40 } });
    expect(json.probes).toEqual({ reached: { heard: 40 }, never: ['never heard of'] });
    expect(Object.keys(json.swarm)).toContain('crashes');
    const { stdout, stderr } = await sim('steady', '--seeds', '1..5', '--jobs', '1');
    expect(stderr).toBe('');
    expect(stdout).toMatch(
      /^steady: 5 seeds in \S+ s, 0 failed\n\S+ seeds\/s, \S+ simulated hours \(\S+\/s\), /,
    );
    expect(stdout).toContain('Warning: no seed reached never heard of');
  });

  test('starts no more processes than there are seeds', async () => {
    const { json } = await simJson('steady', '--seeds', '4..5', '--jobs', '99');
    expect(json).toMatchObject({ jobs: 2, seeds: { done: 2 } });
  });

  test('says which names of --without took nothing away', async () => {
    const names = 'crashes,swarm/crashes,nonsense,op:client#7';
    const { code, stderr } = await sim('steady', '--seeds', '1..5', '--without', names);
    expect(code).toBe(0);
    expect(stderr).toBe(
      'Warning: --without took nothing away that is called crashes (is it swarm/crashes?) or nonsense or op:client#7\n',
    );
  });

  test('a page of one seed is of that seed; of many that are fine there is none', async () => {
    const one = join(folder, 'one.html');
    const single = await sim('steady', '--seeds', '3', '--html', one);
    expect([single.code, single.stderr]).toEqual([0, '']);
    expect(readFileSync(one, 'utf8')).toMatch(/sim1\/-\/steady\/3\/[0-9a-f]{16}\//);
    const none = join(folder, 'none.html');
    const many = await sim('steady', '--seeds', '3..4', '--html', none);
    expect([many.code, many.stderr]).toEqual([0, `Nothing failed, and no page was written to ${none}\n`]);
    expect(existsSync(none)).toBe(false);
  });

  test('says that a page or a report found no room, and still what failed', async ({ skip }) => {
    skip(!existsSync('/dev/full'), 'this platform has no device that is always full');
    const found = ['forgetful', '--failures', '1', '--shrink', 'no'];
    const [page, report] = await Promise.all([
      sim(...found, '--html', '/dev/full'),
      sim(...found, '--json', '/dev/full'),
    ]);
    expect(page.stderr).toContain('Page /dev/full was not written: ENOSPC');
    expect(report.stderr).toContain('Report /dev/full was not written: ENOSPC');
    for (const { code, stdout } of [page, report]) {
      expect(code).toBe(1);
      expect(stdout).toContain('broke never-forgets');
    }
    const [, line = ''] = /^pnpm sim --replay (\S+)/m.exec(page.stdout) ?? [];
    const again = await sim('--replay', line, '--html', '/dev/full');
    expect(again.code).toBe(1);
    expect(again.stdout).toContain('never-forgets');
    expect(again.stderr).toContain('Page /dev/full was not written: ENOSPC');
  });

  test('a failure: in plain words, small, with a line that replays it anywhere', async () => {
    const page = join(folder, 'failure.html');
    const { code, stdout } = await sim('forgetful', '--failures', '1', '--jobs', '2', '--html', page);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^Seed \d+ of forgetful broke never-forgets\n {2}Counter said \d+ after it had said \d+\n/,
    );
    const [, line = ''] = /^pnpm sim --replay (\S+) --scenarios \S+$/m.exec(stdout) ?? [];
    const [, events = '', before = ''] =
      /made smaller in [\d,]+ runs: ([\d,]+) of ([\d,]+) events/.exec(stdout) ?? [];
    const number = (text: string): number => Number(text.replaceAll(',', ''));
    expect(number(events) * 10).toBeLessThanOrEqual(number(before));
    expect(line.length).toBeLessThan(1000);
    expect(readFileSync(page, 'utf8')).toContain(line);

    const again = await startSim(
      ['--replay', line, '--scenarios', scenarios, '--html', join(folder, 'replay.html')],
      {
        cwd: tmpdir(),
        environment: { TZ: 'Pacific/Chatham', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8', NODE_OPTIONS: '' },
      },
    ).ended;
    expect(again.code).toBe(1);
    expect(again.stdout).toContain(', as the line says\n');
    expect(again.stdout).toContain('never-forgets');
    expect(existsSync(join(folder, 'replay.html'))).toBe(true);
  });

  test('a line by other code says so, and one whose hash is another by the same code is no fine thing', async () => {
    const { json } = await simJson('steady', '--seeds', '7');
    expect(json.described).toEqual([]);
    const other = await sim('--replay', 'sim1/-/steady/7/0123456789abcdef/00000000/11111111/-');
    expect(other.code).toBe(0);
    expect(other.stdout).toContain(
      'The line was made by other code: the scenario and the simulator changed since',
    );
    expect(other.stdout).toMatch(/Trace hash [0-9a-f]{16}, and the line says 0123456789abcdef\n/);
    const unsteady = await sim('--replay', 'sim1/-/steady/7/0123456789abcdef/-/-/-');
    expect(unsteady.code).toBe(3);
    expect(unsteady.stdout).toContain('something is not deterministic');
  });

  test('keeps a failure that the regressions replay', async () => {
    const own = fileURLToPath(new URL('../fixtures/kept', import.meta.url));
    rmSync(join(own, 'regressions'), { recursive: true, force: true });
    try {
      const run = await startSim([
        'forgetful',
        '--failures',
        '1',
        '--jobs',
        '2',
        '--shrink-runs',
        '200',
        '--keep',
        '--scenarios',
        own,
        '--json',
        '-',
      ]).ended;
      expect(run.code).toBe(1);
      const cases = await loadRegressions(own);
      expect(cases).toHaveLength(1);
      const { regression, replay } = cases[0] as (typeof cases)[number];
      expect(regression.expect).toEqual({ verdict: 'violation', rule: 'never-forgets' });
      expect(await replay()).toMatchObject({ isSameTrace: true });
      expect((await replay()).problem).toBeUndefined();
    } finally {
      rmSync(join(own, 'regressions'), { recursive: true, force: true });
    }
  });

  test('what throws is the failure of its seeds', async () => {
    const { code, json } = await simJson('throwing', '--seeds', '1..20', '--failures', '100', '--jobs', '2');
    expect(code).toBe(3);
    expect(json.seeds.done).toBe(20);
    expect(json.verdicts['error']).toBe(json.failures.length);
    expect(json.failures.length).toBeGreaterThan(0);
    expect(json.failures[0]).toMatchObject({
      verdict: 'error',
      rule: 'Error',
      message: 'Error: Out of luck',
    });
  });

  test('a process that dies and one that hangs fail their seed and no other', async () => {
    const [dying, endless] = await Promise.all([
      simJson('dying', '--seeds', '1..4', '--failures', '100', '--jobs', '2'),
      simJson('endless', '--seeds', '1..4', '--failures', '100', '--jobs', '1', '--seed-deadline', '3s'),
    ]);
    expect([dying.code, endless.code]).toEqual([3, 3]);
    // Both are unlucky by the same draw.
    const unlucky = dying.json.failures.map(({ seed }) => seed);
    expect(unlucky.length).toBeGreaterThan(0);
    expect(dying.json.verdicts).toEqual({ died: unlucky.length, ok: 4 - unlucky.length });
    expect(endless.json.failures.map(({ seed }) => seed)).toEqual(unlucky);
    expect(endless.json.verdicts).toEqual({ hung: unlucky.length, ok: 4 - unlucky.length });
    expect(dying.json.failures[0]?.message).toContain('SIGABRT');
    expect(endless.json.failures[0]?.message).toContain('did not end within 3 s');
  });

  test('Ctrl-C ends it in order with what is known, and leaves no process behind', async () => {
    const { child, ended, output } = startSim([
      'endless',
      '--jobs',
      '1',
      '--seeds',
      '1..1000000',
      '--failures',
      '1000000',
      '--seed-deadline',
      '1s',
      '--scenarios',
      scenarios,
    ]);
    await vi.waitFor(() => expect(output.stderr).toMatch(/seed \d+: hung/), { timeout: 60_000 });
    child.kill('SIGINT');
    const { code, stdout } = await ended;
    expect(code).toBe(3);
    expect(stdout).toMatch(/endless: \d+ seeds? in \S+ s, \d+ failed; it was interrupted\n/);
  });

  test('the budget ends seeds without end', async () => {
    const { code, json } = await simJson('steady', '--budget', '5s', '--jobs', '1');
    expect([code, json.ended]).toEqual([0, 'deadline']);
    expect(json.seeds.done).toBeGreaterThan(0);
  });
});

describe('pnpm sim --check-determinism', () => {
  test('finds nothing where there is nothing', async () => {
    const { code, stdout } = await sim('forgetful', '--check-determinism', '--seeds', '1..20', '--jobs', '2');
    expect(stdout).toMatch(/^forgetful: 20 seeds run twice, 0 divergences\n/);
    expect([0, 1]).toContain(code);
  });

  test('shows the first event that differs, with both sides', async () => {
    const page = join(folder, 'differ.html');
    const { code, stdout } = await sim(
      'process-bound',
      '--html',
      page,
      '--check-determinism',
      '--seeds',
      '1..4',
      '--jobs',
      '1',
    );
    expect(code).toBe(3);
    expect(stdout).toMatch(/^process-bound: 4 seeds run twice, 4 divergences\n/);
    expect(stdout).toMatch(/^Seed 1 differs from event \d+ on, after .*start/m);
    const [, one, other] = /first: .*process (\d+).*\n.*second: .*process (\d+)/.exec(stdout) ?? [];
    expect(Number(one)).toBeGreaterThan(0);
    expect(one).not.toBe(other);
    const html = readFileSync(page, 'utf8');
    for (const number of [one, other]) expect(html).toContain(`process ${number}`);
    expect(html).toMatch(/"divergence":\d+/);
  });

  test('finds what outlives a run', async () => {
    const { code, stdout } = await sim(
      'remembering',
      '--check-determinism',
      '--seeds',
      '1..6',
      '--jobs',
      '1',
    );
    expect(code).toBe(3);
    expect(stdout).toMatch(/^Seed 1 differs from event \d+ on, after .*the same in all runs/m);
    expect(stdout).toContain('something outlives a run');
  });
});
