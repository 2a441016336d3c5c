import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT, bin, capture } from '../run-command.ts';

/** One fault for each rule the house cannot do without; those that know types come first. */
const FAULTS: Readonly<Record<string, string>> = {
  'typescript(no-floating-promises)': 'export function a(): void { work(); }',
  'typescript(no-misused-promises)': 'export const a = [1].forEach(async () => { await work(); });',
  'typescript(await-thenable)': 'export async function a(n: number): Promise<void> { await n; }',
  'typescript(switch-exhaustiveness-check)': `export function a(k: 'x' | 'y'): number { switch (k) { case 'x': return 1; } return 2; }`,
  'typescript(no-explicit-any)': 'export const a: any = 1;',
  'typescript(consistent-type-imports)': `import { Thing } from './other.ts'; export const a: Thing = 1;`,
  'import(no-cycle)': `import { back } from './other.ts'; export const a = back; export const forth = 1;`,
  'eslint(eqeqeq)': 'export const a = (n: number): boolean => n == 1;',
};
const OTHER = `import { forth } from './import-no-cycle.ts';\nexport type Thing = number;\nexport const back = (): number => forth;\n`;

describe('the lint configuration', () => {
  let folder = '';
  let report = '';

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'quorate-lint-'));
    copyFileSync(join(ROOT, '.oxlintrc.json'), join(folder, '.oxlintrc.json'));
    writeFileSync(
      join(folder, 'tsconfig.json'),
      '{ "compilerOptions": { "strict": true, "module": "NodeNext", "allowImportingTsExtensions": true, "noEmit": true } }',
    );
    writeFileSync(join(folder, 'other.ts'), OTHER);
    for (const [rule, text] of Object.entries(FAULTS)) {
      const work = 'async function work(): Promise<void> {}\nexport { work };\n';
      writeFileSync(join(folder, fileOf(rule)), text + (text.includes('work(') ? `\n${work}` : '\n'));
    }
    report = (await capture(bin('oxlint', '--type-aware', '--format=unix'), { cwd: folder })).stdout;
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each(Object.keys(FAULTS))('%s is red', rule => {
    const lines = report.split('\n').filter(line => line.includes(fileOf(rule)));
    expect(lines.join('\n')).toContain(`[Error/${rule}]`);
  });
});

function fileOf(rule: string): string {
  return `${rule.replace('(', '-').replace(')', '')}.ts`;
}
