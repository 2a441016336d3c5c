import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Tarball, readTarball } from '../pack-check/tarball.ts';
import { publishedPackages } from '../published-packages.ts';
import { type PublishTarget, compareRelease } from '../release/publish.ts';
import { copyWorkingTree } from '../release/working-copy.ts';
import { ROOT, type CommandResult, capture, captureOrThrow } from '../run-command.ts';
import { type LocalRegistry, startLocalRegistry } from './local-registry.ts';

interface Report {
  readonly released: readonly { name: string; version: string; integrity: string; status: string }[];
  readonly tag: string | null;
}

const names = publishedPackages(ROOT).map(({ manifest }) => manifest.name ?? '');
const CHANGESET = `---\n${names.map(name => `'${name}': minor\n`).join('')}---\n\nA rehearsal.\n`;

/** What a release printed, without what turbo says of builds. */
const faultsIn = (printed: string): string =>
  printed
    .split('\n')
    .filter(line => !line.includes(':build: '))
    .join('\n');

describe('a release, rehearsed against a registry on the loopback', { timeout: 600_000 }, () => {
  const scratch = mkdtempSync(join(tmpdir(), 'quorate-rehearsal-'));
  const copy = join(scratch, 'copy');
  let registry: LocalRegistry;
  let first: CommandResult;
  let report: Report;

  // What is packed is checked by a step of the gate of its own.
  const release = (): Promise<CommandResult> =>
    capture([process.execPath, 'scripts/release.ts', `--registry=${registry.url}`, '--unchecked', '--json'], {
      cwd: copy,
      env: registry.env,
    });
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: copy, encoding: 'utf8' }).trim();

  beforeAll(async () => {
    registry = await startLocalRegistry();
    mkdirSync(copy);
    await copyWorkingTree(ROOT, copy);
    // What an earlier build left of a source that is gone must not be published.
    for (const { folder } of publishedPackages(ROOT)) {
      mkdirSync(join(copy, folder, 'dist'));
      writeFileSync(join(copy, folder, 'dist/left-over.js'), 'export {};');
    }
    writeFileSync(join(copy, '.changeset/rehearsal.md'), CHANGESET);
    git('add', '--all');
    git('commit', '--quiet', '--message=A changeset');
    first = await release();
    if (first.code !== 0) throw new Error(faultsIn(first.stderr));
    report = JSON.parse(first.stdout) as Report;
  }, 600_000);

  afterAll(async () => {
    await registry[Symbol.asyncDispose]();
    await rm(scratch, { recursive: true, force: true });
  }, 600_000);

  test('one new version for all packages, committed and tagged', () => {
    expect(report.released.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
    expect(new Set(report.released.map(({ status }) => status))).toEqual(new Set(['published']));
    const versions = new Set(report.released.map(({ version }) => version));
    expect(versions.size).toBe(1);
    expect(report.tag).toBe(`v${[...versions][0]}`);
    for (const { folder, manifest } of publishedPackages(ROOT)) {
      const now = JSON.parse(readFileSync(join(copy, folder, 'package.json'), 'utf8')) as { version: string };
      expect(versions).toContain(now.version);
      expect(now.version).not.toBe(manifest.version);
      expect(readFileSync(join(copy, folder, 'CHANGELOG.md'), 'utf8')).toContain(`## ${now.version}`);
    }
    expect(git('status', '--porcelain')).toBe('');
    expect(git('tag', '--points-at', 'HEAD')).toBe(report.tag);
  });

  test('the registry holds the very files that were checked', async () => {
    for (const { name, version, integrity } of report.released) {
      const answer = await fetch(new URL(name.replace('/', '%2f'), registry.url));
      const { versions } = (await answer.json()) as {
        versions: Record<string, { dist: { integrity: string; tarball: string } }>;
      };
      const dist = versions[version]?.dist;
      expect(dist?.integrity).toBe(integrity);
      const file = join(scratch, 'downloaded.tgz');
      writeFileSync(file, new Uint8Array(await (await fetch(dist?.tarball ?? '')).arrayBuffer()));
      const tarball = readTarball(file);
      expect(tarball.integrity).toBe(integrity);
      expect(tarball.entries.has('dist/index.js')).toBe(true);
      expect(tarball.entries.has('dist/left-over.js')).toBe(false);
    }
  });

  test('a fresh project installs and imports them from there', async () => {
    const project = join(scratch, 'project');
    mkdirSync(project);
    writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }');
    const flags = [
      `--@quorate:registry=${registry.url}`, // what the command itself depends on comes from where it always does
      '--prefer-offline',
      '--no-audit',
      '--no-fund',
      `--cache=${join(scratch, 'cache')}`,
    ];
    await captureOrThrow(['npm', 'install', ...flags, ...names], { cwd: project, env: registry.env });
    const script = names
      .map(name => `console.log(Object.keys(await import('${name}')).length > 0);`)
      .join('');
    writeFileSync(join(project, 'use.js'), script);
    const output = await captureOrThrow([process.execPath, 'use.js'], { cwd: project });
    expect(output.trim().split('\n')).toEqual(names.map(() => 'true'));
  });

  test('a second release has nothing to do', async () => {
    const head = git('rev-parse', 'HEAD');
    const second = await release();
    expect(second.code, second.stderr).toBe(0);
    expect(JSON.parse(second.stdout)).toEqual({ released: [], tag: null });
    expect(git('rev-parse', 'HEAD')).toBe(head);
  });

  test('one that broke off is not continued from other contents', async () => {
    const [kept = '', unpublished = ''] = names;
    await captureOrThrow(
      ['npm', 'unpublish', '--force', `--registry=${registry.url}`, `${unpublished}@${report.tag?.slice(1)}`],
      { cwd: scratch, env: registry.env },
    );
    const owner = publishedPackages(copy).find(({ manifest }) => manifest.name === kept);
    appendFileSync(join(copy, owner?.folder ?? '', 'README.md'), 'One line more.\n');
    git('commit', '--quiet', '--all', '--message=A change without a changeset');
    const refused = await release();
    expect([refused.code, refused.stdout]).toEqual([1, '']);
    expect(refused.stderr).toContain(
      `The registry holds ${kept}@${report.tag?.slice(1)} with other contents`,
    );
    const answer = await fetch(new URL(unpublished.replace('/', '%2f'), registry.url));
    expect(answer.status).toBe(404);
  });

  test('changes that are not committed are refused', async () => {
    writeFileSync(join(copy, 'left-over.txt'), 'x');
    const refused = await release();
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('commit them first');
  });
});

test('checks are left out for a registry on the loopback alone', async () => {
  for (const registry of [[], ['--registry=https://registry.example/']]) {
    const refused = await capture([process.execPath, 'scripts/release.ts', '--unchecked', ...registry]);
    expect([refused.code, refused.stdout]).toEqual([2, '']);
    expect(refused.stderr).toContain('Only for a registry on the loopback');
  }
});

describe('a release beside what the registry holds', () => {
  const tarballs = ['core', 'ring', 'cli'].map(
    (name): Tarball => ({
      file: `${name}.tgz`,
      entries: new Map(),
      manifest: { name: `@quorate/${name}`, version: '0.1.0' },
      integrity: `sha512-${name}`,
    }),
  );
  const holding = (held: Readonly<Record<string, string>>): PublishTarget => ({
    integrity: (name, version) => Promise.resolve(held[`${name}@${version}`]),
    publish: () => Promise.reject(new Error('A comparison publishes nothing')),
  });
  const compared = async (held: Readonly<Record<string, string>>): Promise<unknown> => {
    const { missing, there, taken } = await compareRelease(holding(held), tarballs);
    return [missing, there, taken].map(group => group.map(({ file }) => file));
  };

  test('goes on where it broke off', async () => {
    expect(await compared({})).toEqual([['core.tgz', 'ring.tgz', 'cli.tgz'], [], []]);
    const held = { '@quorate/core@0.1.0': 'sha512-core', '@quorate/ring@0.0.9': 'sha512-ring' };
    expect(await compared(held)).toEqual([['ring.tgz', 'cli.tgz'], ['core.tgz'], []]);
  });

  test('sees a version that was published with other contents', async () => {
    const held = { '@quorate/core@0.1.0': 'sha512-other', '@quorate/ring@0.1.0': 'sha512-ring' };
    expect(await compared(held)).toEqual([['cli.tgz'], ['ring.tgz'], ['core.tgz']]);
  });
});
