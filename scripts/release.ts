import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readOptions } from './command-line.ts';
import { checkTarballs } from './pack-check/check.ts';
import { packAll } from './pack-check/pack.ts';
import type { Tarball } from './pack-check/tarball.ts';
import { compareRelease } from './release/publish.ts';
import { Registry } from './release/registry.ts';
import { applyChangesets, currentVersions, pendingChangesets } from './release/versions.ts';
import { copyWorkingTree } from './release/working-copy.ts';
import { ROOT, captureOrThrow, passThrough } from './run-command.ts';

const USAGE = `pnpm release: turns changesets into versions, and publishes the very tarballs that were checked

  --registry URL   default: the one npm is configured for
  --dry-run        everything but publishing, in a temporary copy; nothing here changes
  --unchecked      without the checks of the tarballs; for rehearsals, to a registry on the loopback alone
  --no-publish     stop before publishing; the new versions stay in the working tree
  --json           { released: [{ name, version, integrity, status }], tag } on stdout

A version that the registry has is left alone, so a release that broke off is simply started again. Where the registry
has other contents under one of the versions, nothing is published at all.
`;

interface Released {
  readonly name: string;
  readonly version: string;
  readonly integrity: string;
  readonly status: 'published' | 'already there' | 'not published';
}

const values = readOptions(USAGE, {
  registry: { type: 'string' },
  'dry-run': { type: 'boolean', default: false },
  unchecked: { type: 'boolean', default: false },
  'no-publish': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
});
const publishing = !values['no-publish'];

process.exitCode = await main();

async function main(): Promise<number> {
  if (values.unchecked && !isOnLoopback(values.registry)) {
    say(`Only for a registry on the loopback may checks be left out: received ${values.registry ?? 'none'}`);
    return 2;
  }
  const scratch = mkdtempSync(join(tmpdir(), 'quorate-release-'));
  try {
    return values['dry-run'] ? await rehearse(scratch) : await release(scratch);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function isOnLoopback(registry: string | undefined): boolean {
  return registry !== undefined && ['127.0.0.1', '[::1]', 'localhost'].includes(new URL(registry).hostname);
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function rehearse(scratch: string): Promise<number> {
  say('copying the working tree');
  await copyWorkingTree(ROOT, scratch);
  const flags = values.json ? ['--json'] : [];
  return passThrough([process.execPath, 'scripts/release.ts', '--no-publish', ...flags], { cwd: scratch });
}

async function release(scratch: string): Promise<number> {
  if (publishing && (await git('status', '--porcelain')) !== '') {
    say('The working tree has changes: commit them first, so that the tag names what was published');
    return 1;
  }
  const registry = new Registry(values.registry);
  const pending = pendingChangesets();
  if (publishing && pending.length > 0 && (await git('branch', '--show-current')) === '') {
    say('Changesets wait, but no branch is checked out that could keep the release commit');
    return 1;
  }
  if (pending.length > 0) {
    say(`versioning from ${pending.length} changesets`);
    await applyChangesets();
  } else if (publishing && (await allPublished(registry))) {
    report([], undefined);
    return 0;
  }
  const tarballs = await builtTarballs(scratch);
  if (tarballs === undefined) return 1;
  if (!publishing) {
    if (!(await areSound(tarballs))) return 1;
    report(
      tarballs.map(tarball => outcome(tarball, 'not published')),
      undefined,
    );
    return 0;
  }
  const { missing, there, taken } = await compareRelease(registry, tarballs);
  if (taken.length > 0) {
    const names = taken.map(({ manifest: { name, version } }) => `${name}@${version}`).join(', ');
    say(`The registry holds ${names} with other contents, and nothing was published.`);
    say('Release from the commit that these came from, or add a changeset for a version of its own');
    return 1;
  }
  if (!(await areSound(tarballs))) return 1;
  const tag = `v${tarballs[0]?.manifest.version}`;
  if (pending.length > 0) await commit(tag);
  for (const tarball of missing) await registry.publish(tarball);
  const released = [
    ...there.map(tarball => outcome(tarball, 'already there')),
    ...missing.map(tarball => outcome(tarball, 'published')),
  ];
  if ((await git('tag', '--list', tag)) === '') await git('tag', '--annotate', tag, `--message=${tag}`);
  report(released, tag);
  return 0;
}

async function allPublished(registry: Registry): Promise<boolean> {
  for (const { name, version } of currentVersions()) {
    if ((await registry.integrity(name, version)) === undefined) return false;
  }
  return true;
}

/** Builds and packs; nothing where the build failed. */
async function builtTarballs(scratch: string): Promise<readonly Tarball[] | undefined> {
  const build = [process.execPath, join(ROOT, 'scripts/build.ts'), '--packages', '--force'] as const;
  if ((await passThrough(build, { output: 'stderr' })) !== 0) return undefined;
  return packAll(scratch);
}

async function areSound(tarballs: readonly Tarball[]): Promise<boolean> {
  if (values.unchecked) return true;
  const checks = await checkTarballs(tarballs, ({ subject, check, faults }) => {
    say(`${faults.length === 0 ? 'ok  ' : 'FAIL'} ${subject.padEnd(20)} ${check}`);
    for (const fault of faults) say(fault);
  });
  return checks.every(({ faults }) => faults.length === 0);
}

function outcome({ manifest, integrity }: Tarball, status: Released['status']): Released {
  return { name: manifest.name, version: manifest.version, integrity, status };
}

/** The tree was clean before, so all that changed is what the changesets did. */
async function commit(tag: string): Promise<void> {
  await git('add', '--all');
  await git('commit', '--quiet', `--message=Release ${tag}`);
}

async function git(...args: string[]): Promise<string> {
  return (await captureOrThrow(['git', ...args])).trim();
}

function report(released: readonly Released[], tag: string | undefined): void {
  if (values.json) process.stdout.write(`${JSON.stringify({ released, tag: tag ?? null })}\n`);
  if (released.length === 0) say('Nothing to release: no changeset waits, and every version is published');
  for (const { name, version, status } of released) say(`${status.padEnd(13)} ${name}@${version}`);
  if (tag !== undefined) say(`tagged ${tag}; push it with: git push --follow-tags`);
}
