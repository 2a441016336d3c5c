import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { listBenches } from '../src/check/list-benches.ts';

const folder = mkdtempSync(join(tmpdir(), 'quorate-list-benches-test-'));
const signal = new AbortController().signal;
let builds = 0;

afterAll(() => rmSync(folder, { recursive: true }));

/** A build that has these files and nothing else. */
function build(files: Readonly<Record<string, string>>): string {
  const root = join(folder, `build ${builds++}`);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

const suiteOf = (name: string, rest: string) =>
  `export default { name: '${name}', about: '', benches: [${rest}] } as object;`;

describe('listBenches', () => {
  it("lists this repository's own suites", async () => {
    const root = fileURLToPath(new URL('../..', import.meta.url));
    const { benches, failed, reason } = await listBenches(root, { signal });
    expect({ failed, reason }).toEqual({ failed: [], reason: undefined });
    expect(benches.find(({ name }) => name === 'ring/jump')).toEqual({
      name: 'ring/jump',
      contenders: expect.arrayContaining(['@quorate/ring jumpHash', 'plain BigInt']),
      params: { nodes: [100], hashes: [2000] },
    });
    expect(new Set(benches.map(({ name }) => name)).size).toBe(benches.length);
  });

  it('goes by the code of the build, and names the suites that do not load', async () => {
    const root = build({
      'bench/src/own.ts': 'export const own: string[] = ["a", "b"];',
      'bench/suites/ends.ts': 'process.exit(0);',
      'bench/suites/good.ts': `import { own } from '../src/own.ts';
        ${suiteOf('good', '{ name: own[0], contenders: { x: 1, y: 2 }, params: { size: [1, "two", null], odd: 3 } }')}`,
      'bench/suites/kills.ts':
        "console.error('Dying'); process.kill(process.pid, 'SIGKILL'); await new Promise(() => {});",
      'bench/suites/late.ts': suiteOf('late', '{ name: "last", contenders: {} }'),
      'bench/suites/late.test.ts': "throw new Error('A test is no suite')",
      'bench/suites/misnamed.ts': suiteOf('other', ''),
      'bench/suites/odd.ts': suiteOf('odd', '{ name: "no contenders" }'),
      'bench/suites/throws.ts': "throw new Error('It does not load')",
    });
    expect(await listBenches(root, { signal })).toEqual({
      benches: [
        { name: 'good/a', contenders: ['x', 'y'], params: { size: [1, 'two'], odd: [] } },
        { name: 'late/last', contenders: [], params: {} },
      ],
      failed: [
        { suite: 'ends', reason: 'Loading it failed: it ended early' },
        {
          suite: 'kills',
          reason: expect.stringMatching(/^Loading it failed: its process ended with null\nDying$/),
        },
        { suite: 'misnamed', reason: expect.stringContaining('must export a suite named "misnamed"') },
        { suite: 'odd', reason: expect.stringContaining('contenders of bench "odd/no contenders"') },
        { suite: 'throws', reason: 'It does not load' },
      ],
    });
  });

  it('does not wait for a suite that never ends', async () => {
    const root = build({ 'bench/suites/endless.ts': 'for (;;);' });
    expect(await listBenches(root, { signal, deadlineMs: 300 })).toEqual({
      benches: [],
      failed: [{ suite: 'endless', reason: 'Loading it failed: it did not end within 300 ms' }],
    });
  });

  it('says so where a build has no suites', async () => {
    for (const root of [build({ 'package.json': '{}' }), build({ 'bench/suites/README.md': '' })]) {
      expect(await listBenches(root, { signal })).toEqual({
        benches: [],
        failed: [],
        reason: 'It has no suites in bench/suites',
      });
    }
  });

  it('ends when it is interrupted', async () => {
    const controller = new AbortController();
    const listing = listBenches(build({ 'bench/suites/endless.ts': 'for (;;);' }), {
      signal: controller.signal,
    });
    setImmediate(() => controller.abort());
    await expect(listing).rejects.toThrow(controller.signal.reason);
  });
});
