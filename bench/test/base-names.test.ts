import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { baseNames } from '../src/check/base-names.ts';
import type { FoundSuite } from '../src/discover.ts';
import { defineSuite } from '../src/suite.ts';
import { anyKernel } from './outcomes.ts';

const folder = mkdtempSync(join(tmpdir(), 'quorate-build-names-test-'));
const { signal } = new AbortController();

afterAll(() => rmSync(folder, { recursive: true }));

/** The names of a base whose suites have these benches with these contenders; text is what a file holds. */
async function namesOf(label: string, suites: Record<string, Record<string, string[]> | string>) {
  const root = join(folder, label);
  mkdirSync(join(root, 'bench', 'suites'), { recursive: true });
  for (const [name, content] of Object.entries(suites)) {
    const text =
      typeof content === 'string'
        ? content
        : `export default ${JSON.stringify({ name, about: '', benches: benchesOf(content) })};`;
    writeFileSync(join(root, 'bench', 'suites', `${name}.ts`), text);
  }
  return baseNames(root, signal);
}

function benchesOf(benches: Record<string, string[]>) {
  return Object.entries(benches).map(([name, contenders]) => ({
    name,
    contenders: Object.fromEntries(contenders.map(contender => [contender, 1])),
  }));
}

/** The suites of head. */
function found(name: string, benches: Record<string, string[]>): FoundSuite {
  const suite = defineSuite({
    name,
    about: '',
    benches: Object.entries(benches).map(([bench, contenders]) => ({
      name: bench,
      contenders: Object.fromEntries(contenders.map(contender => [contender, anyKernel])),
    })),
  });
  return { suite, url: `file:///${name}.ts` };
}

const base = await namesOf('whole', {
  ring: { lookup: ['@quorate/ring', 'hashring'], 'add/remove': ['@quorate/ring'], old: ['@quorate/ring'] },
  core: { encode: ['@quorate/core', '@quorate/core, fast'], 'of others': ['theirs'] },
});

describe('baseNames', () => {
  it('tells what base has too from what is new, contender by contender', () => {
    expect(base.presence('ring', 'lookup', '@quorate/ring')).toBe('both');
    expect(base.presence('ring', 'add/remove', '@quorate/ring')).toBe('both');
    expect(base.presence('ring', 'lookup', '@quorate/ring, WebAssembly')).toBe('new');
    expect(base.presence('ring', 'look', '@quorate/ring')).toBe('new');
    expect(base.presence('core', 'encode', '@quorate/core, f')).toBe('new');
    expect(base.presence('rings', 'lookup', '@quorate/ring')).toBe('new');
    expect(base.notes).toEqual([]);
  });

  it('tells what of ours is gone, and what was renamed', () => {
    const head = [
      found('ring', {
        'look up': ['@quorate/ring'],
        'add/remove': ['@quorate/ring'],
        old: ['@quorate/ring'],
      }),
      found('core', { encode: ['@quorate/core'] }),
    ];
    expect(base.gone(head, [])).toEqual(['core/encode · @quorate/core, fast', 'ring/lookup · @quorate/ring']);
    expect(base.gone(head, ['ring'])).toEqual(['ring/lookup · @quorate/ring']);
    expect(base.gone(head, ['ring/look', 'core/encode'])).toHaveLength(2);
    expect(base.gone(head, ['ring/build'])).toEqual([]);
    expect(base.gone([], [])).toHaveLength(5);
  });

  it('says what could not be read, and claims nothing of it', async () => {
    const names = await namesOf('broken', {
      ring: { lookup: ['@quorate/ring'] },
      core: "throw new Error('It does not load');",
    });
    expect(names.notes).toEqual([`Base's suite "core" could not be read: It does not load`]);
    expect(names.presence('core', 'encode', '@quorate/core')).toBeNull();
    expect(names.presence('ring', 'build', '@quorate/ring')).toBe('new');
    expect(names.gone([found('ring', { build: ['@quorate/ring'] })], [])).toEqual([
      'ring/lookup · @quorate/ring',
    ]);
  });

  it('claims nothing where base has no suites at all', async () => {
    const names = await namesOf('empty', {});
    expect(names.presence('ring', 'lookup', '@quorate/ring')).toBeNull();
    expect(names.gone([], [])).toEqual([]);
    expect(names.notes).toEqual([`Base's suites could not be read: It has no suites in bench/suites`]);
  });

  it('ends when it is told to', async () => {
    const controller = new AbortController();
    controller.abort(new Error('Interrupted'));
    await expect(baseNames(join(folder, 'whole'), controller.signal)).rejects.toThrow('Interrupted');
  });
});
