import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isBaseLacking } from '../src/check/base-lacks.ts';
import { findLacks } from '../src/check/find-lacks.ts';
import { type Lacks, type Variant, variantOptions } from '../src/check/variant.ts';
import type { Job, Sample } from '../src/measure/job.ts';
import { profiles } from '../src/run/profile.ts';
import { sampleInProcess } from '../src/run/sample-process.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'quorate-variant-test-')));
const repository = realpathSync(fileURLToPath(new URL('../..', import.meta.url)));
const signal = new AbortController().signal;
const packages = ['core', 'ring', 'threads'];

const head: Variant = { arm: 'head', root: repository, label: 'head' };
/** The packages of this repository at another place. */
const same: Variant = { arm: 'base', root: join(folder, 'the same'), label: 'main (0123abcd)' };
/** Packages that behave differently, so that one sees which ran. */
const changed: Variant = { ...same, root: join(folder, 'changed') };
/** Without `jumpHash` of the ring, without the package of threads. */
const older: Variant = { ...same, root: join(folder, 'older') };

const fixture = (name: string): string => new URL(`fixtures/variants/${name}.ts`, import.meta.url).href;
const suite = (name: string): string => new URL(`../suites/${name}.ts`, import.meta.url).href;

function copy({ root }: Variant, names: readonly string[]): void {
  for (const name of names) {
    for (const part of ['package.json', 'src']) {
      cpSync(join(repository, 'packages', name, part), join(root, 'packages', name, part), {
        recursive: true,
      });
    }
  }
}

/** Changes a copied source. @throws Error where the source has changed so that the test no longer says anything */
function edit({ root }: Variant, path: string, from: string, to: string): void {
  const file = join(root, 'packages', path);
  const source = readFileSync(file, 'utf8');
  if (!source.includes(from)) throw new Error(`${path} must contain "${from}": the test relies on it`);
  writeFileSync(file, source.replaceAll(from, to));
}

function jobOf(url: string, bench: string, part: Partial<Job> = {}): Job {
  const budget = {
    ...profiles.quick.budget,
    warmupMs: 2,
    measureMs: 2,
    chunkMs: 1,
    windows: 1,
    chunksMin: 1,
    groupWindowMs: 5,
    latencyCalls: 2,
  };
  return {
    url,
    bench,
    contender: 'only',
    params: {},
    threads: 1,
    inGroup: false,
    sharing: false,
    blocking: false,
    seed: 1,
    keysFile: join(folder, 'keys'),
    budget,
    ...part,
  };
}

async function sample(variant: Variant, job: Job): Promise<Sample> {
  const started = variantOptions(variant);
  return sampleInProcess(job, {
    signal,
    deadlineMs: 30_000,
    cacheFolder: join(folder, 'cache'),
    ...started,
  });
}

async function failureOf(variant: Variant, job: Job): Promise<string> {
  return sample(variant, job).then(
    () => 'It did not fail',
    (error: Error) => error.message,
  );
}

beforeAll(() => {
  for (const variant of [same, changed]) copy(variant, packages);
  copy(older, ['core', 'ring']);
  edit(changed, 'ring/src/ring.ts', 'const algorithm = algorithmOf(', "throw new Error('The base runs'); (");
  edit(
    changed,
    'threads/src/responder.ts',
    'this.#succeed(id, method, result, call);',
    'this.#succeed(id, method, Number(result) + 1, call);',
  );
  edit(
    changed,
    'threads/src/park.ts',
    'return Atomics.notify(words, index, count);',
    "throw new Error('The base wakes');",
  );
  edit(older, 'ring/src/index.ts', "export { jumpHash } from './algorithms/jump-hash.ts';", '');
  writeFileSync(join(folder, 'keys'), Array.from({ length: 400 }, (_, index) => `key ${index}\n`).join(''));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('variantOptions', () => {
  it.each([head, same])(
    'makes every thread of a measured process run the packages of the $arm',
    async variant => {
      const origins: unknown = JSON.parse(await failureOf(variant, jobOf(fixture('origins'), 'all')));
      const own = (path: string) =>
        `${pathToFileURL(join(variant.root, 'packages', path)).href}?arm=${variant.arm}`;
      expect(origins).toEqual({
        core: own('core/src/seeded-random.ts'),
        ring: own('ring/src/members.ts'),
        service: own('threads/src/service.ts'),
        worker: own('core/src/seeded-random.ts'),
        workerWithFlags: own('core/src/seeded-random.ts'),
        workerWithEnvironment: own('core/src/seeded-random.ts'),
        harness: pathToFileURL(join(repository, 'packages/core/src/random.ts')).href,
        installed: expect.stringMatching(
          new RegExp(`^${pathToFileURL(repository).href}/node_modules/.*hashring`),
        ),
      });
    },
  );

  it('loads as many modules in either arm, the same ones in the same order', () => {
    const [ours, theirs] = [head, same].map(variant => {
      const flags = [...variantOptions(variant).flags, `--import=${fixture('trace')}`];
      const urls = ['ring', 'threads', 'core'].map(name => `await import(${JSON.stringify(suite(name))});`);
      // The harness's own instances, so that both arms have them beside their own.
      urls.push(
        `await import(${JSON.stringify(new URL('../src/measure/context.ts', import.meta.url).href)});`,
      );
      const file = join(folder, 'loads.mjs');
      writeFileSync(file, urls.join('\n'));
      const { stdout, stderr } = spawnSync(process.execPath, [...flags, file], { encoding: 'utf8' });
      expect(stderr).toBe('');
      const root = `${pathToFileURL(variant.root).href}/`;
      return stdout.replaceAll(/^(.*)\?arm=(.*)$/gm, (line, url: string, arm: string) =>
        url.startsWith(root) && arm === variant.arm ? `BUILD ${url.slice(root.length)}` : line,
      );
    });
    expect(theirs).toBe(ours);
    expect(ours?.match(/^BUILD packages\/ring\/src\/ring\.ts$/m)).not.toBeNull();
    expect(ours?.match(/^file:.*\/packages\/core\/src\/index\.ts$/m)).not.toBeNull();
    expect(ours?.match(/\?arm=/)).toBeNull();
  });

  it('refuses require of a package of the workspace, which would find the one that is installed', () => {
    const file = join(folder, 'requires.cjs');
    writeFileSync(file, "require('@quorate/ring');");
    const { stderr } = spawnSync(process.execPath, [...variantOptions(head).flags, file], {
      encoding: 'utf8',
    });
    expect(stderr).toContain('must be imported: received require("@quorate/ring")');
  });
});

describe('the suites of this repository', () => {
  it('look up in the ring of the base', async () => {
    const job = jobOf(suite('ring'), 'lookup', {
      contender: '@quorate/ring',
      params: { nodes: 10, keys: 400 },
    });
    await expect(sample(head, job)).resolves.toMatchObject({ groupWindows: [] });
    expect(await failureOf(changed, job)).toBe('The base runs');
    const ofOthers = { ...job, contender: 'hashring' };
    expect((await sample(changed, ofOthers)).checksum).toBe((await sample(head, ofOthers)).checksum);
  });

  it("share the ring of the base between a group's threads", async () => {
    const job = jobOf(suite('ring-threads'), 'lookup on a shared snapshot', {
      contender: '@quorate/ring',
      params: { nodes: 10, keys: 400 },
      threads: 2,
      inGroup: true,
      sharing: true,
    });
    expect(await failureOf(changed, job)).toBe('The base runs');
    expect((await sample(same, job)).checksum).toBe((await sample(head, job)).checksum);
  });

  it("call workers that run the base's code on their side", async () => {
    const job = jobOf(suite('threads'), 'round trip', { contender: '@quorate/threads call' });
    const trips = 200;
    expect((await sample(changed, job)).checksum).toBe((await sample(head, job)).checksum + trips);
  });

  it('wake by the code of the base', async () => {
    const job = jobOf(suite('threads'), 'park and wake', {
      contender: '@quorate/threads park',
      blocking: true,
    });
    expect(await failureOf(changed, job)).toBe('The base wakes');
  });
});

describe('a base that lacks what a suite uses', () => {
  it('fails the whole suite with the package and the base in the message', async () => {
    const message = await failureOf(older, jobOf(fixture('newer'), 'old'));
    expect(message).toBe(
      'The base build lacks what this bench uses: main (0123abcd) has no package @quorate/threads',
    );
    expect(isBaseLacking(message)).toBe(true);
  });

  it('fails for an entry that the package of the base does not have', () => {
    const root = join(folder, 'without entry');
    copy({ ...older, root }, packages);
    edit({ ...older, root }, 'threads/package.json', '"./worker": "./src/worker.ts",', '');
    const job = [...variantOptions({ ...older, root }).flags, fileURLToPath(fixture('origin-service'))];
    const { stderr } = spawnSync(process.execPath, job, { encoding: 'utf8' });
    expect(stderr).toContain('BaseLacksError');
    expect(stderr).toContain('main (0123abcd) has no entry @quorate/threads/worker');
  });

  it('fails only the benches that use it where it was looked for before', async () => {
    const suites = [fixture('newer')];
    const lacks = await findLacks({ head, base: older, suites, signal });
    expect(Object.keys(lacks)).toEqual(['@quorate/ring', '@quorate/threads']);
    expect(lacks['@quorate/ring']?.headOnly).toEqual(['jumpHash']);
    expect(lacks['@quorate/ring']?.both).toContain('Ring');
    expect(lacks['@quorate/threads']).toMatchObject({ both: [], headOnly: expect.arrayContaining(['wake']) });
    const failureIn = (variant: Variant, bench: string) =>
      failureOf({ ...variant, lacks }, jobOf(fixture('newer'), bench));

    const [ours, theirs] = await Promise.all(
      [head, older].map(variant => sample({ ...variant, lacks }, jobOf(fixture('newer'), 'old'))),
    );
    expect(theirs?.checksum).toBe(ours?.checksum);
    expect(await failureIn(older, 'new export')).toMatch(/has no "jumpHash" in @quorate\/ring$/);
    expect(await failureIn(older, 'new package')).toMatch(/has no "wake" in @quorate\/threads$/);
    expect(isBaseLacking(await failureIn(older, 'new package'))).toBe(true);
    for (const bench of ['new export', 'new package']) {
      expect(await failureIn(head, bench)).toBe('It did not fail');
    }
  });

  it('is not what is found in a base that has everything, or has a package that does not load', async () => {
    const suites = [suite('ring'), suite('threads')];
    const none: Lacks = {};
    expect(await findLacks({ head, base: same, suites, signal })).toEqual(none);
    const root = join(folder, 'broken');
    copy({ ...same, root }, packages);
    edit({ ...same, root }, 'ring/src/index.ts', '/**', "throw new Error('It does not load');\n/**");
    expect(await findLacks({ head, base: { ...same, root }, suites, signal })).toEqual(none);
  });
});
