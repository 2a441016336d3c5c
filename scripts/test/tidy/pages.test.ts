import { describe, expect, test } from 'vitest';
import { foreignText, placesOfThisMachine } from '../../tidy/foreign-text.ts';
import { links } from '../../tidy/links.ts';
import { packageTableRule, withPackageTable } from '../../tidy/package-table.ts';
import { readmeErrors } from '../../tidy/readme-errors.ts';
import { readmeSections } from '../../tidy/readme-sections.ts';
import { Repository } from '../../tidy/repository.ts';
import { translation } from '../../tidy/translation.ts';
import { findings, manifest } from './fixture.ts';

const CORE = { 'packages/core/package.json': manifest('core', { description: 'Words' }) };
const EXAMPLE = '```ts\nconsole.log(1);\n```\n';
const SECTIONS = [
  'Guarantees',
  'What it does not promise',
  'How it works',
  'API by task',
  'Configuration',
  'Errors',
  'Measured cost',
];
const page = (sections: readonly string[], example = EXAMPLE): string =>
  `# @quorate/core\n\nThe words.\n\n${example}\n${sections.map(section => `## ${section}\n`).join('\n')}`;

describe("the sections of a package's README", () => {
  const sections = (text: string): readonly string[] =>
    findings(readmeSections, { ...CORE, 'packages/core/README.md': text });

  test('the house order passes, with other sections between', () => {
    expect(sections(page(SECTIONS))).toEqual([]);
    expect(sections(page([...SECTIONS.slice(0, 3), 'The wire', ...SECTIONS.slice(3)]))).toEqual([]);
  });

  test.each(SECTIONS)('without "%s" it is red', section => {
    expect(sections(page(SECTIONS.filter(name => name !== section))).join('\n')).toContain('is missing');
  });

  test('a wrong order, title, sentence or example is red', () => {
    expect(sections(page(SECTIONS.toReversed())).length).toBeGreaterThan(3);
    expect(sections(page(SECTIONS).replace('# @quorate/core', '# Core'))[0]).toContain('opens with');
    expect(sections(page(SECTIONS).replace('The words.\n', ''))[0]).toContain('one sentence');
    expect(sections(page(SECTIONS, ''))[0]).toContain('example');
    expect(sections(page(SECTIONS, `\`\`\`ts\n${'a();\n'.repeat(16)}\`\`\`\n`))[0]).toContain('16 lines');
  });
});

describe('error codes', () => {
  test('each code that a source throws has a heading', () => {
    const source = `throw new QuorateError('DEADLINE_EXCEEDED', 'Late');\nthrow new QuorateError('ABORTED', 'x');`;
    const files = {
      ...CORE,
      'packages/core/src/a.ts': source,
      'packages/core/README.md': '## Errors\n\n### `ABORTED`\n',
    };
    expect(findings(readmeErrors, files)).toEqual([
      'packages/core/README.md:1: no heading for the error code DEADLINE_EXCEEDED, which packages/core/src/a.ts uses',
    ]);
  });
});

describe('links', () => {
  const FILES = { 'a/b.md': '# One & two\n\n## One *more*\n\n## One more\n\n## 构建\n', 'a/c.ts': '' };
  const linkFaults = (text: string): readonly string[] => findings(links, { ...FILES, 'README.md': text });

  test.each([
    '[x](a/b.md) [x](a/b.md#one--two) [x](a/b.md#one-more-1) [x](a/b.md#%E6%9E%84%E5%BB%BA)',
    '[x](a) [x](./a/c.ts) [x](a/) <a href="a/b.md">x</a>',
    '[x](https://example.com/no) [x](mailto:a@b.c)',
    '```sh\n[x](gone.md)\n```\n`[x](gone.md)`',
    '# Here\n[x](#here)\n[x]: a/b.md',
  ])('%s', text => {
    expect(linkFaults(text)).toEqual([]);
  });

  test.each([
    '[x](gone.md)',
    '![x](a/gone.png)',
    '[x](a/b.md#three)',
    '[x](#nowhere)',
    '[x](/a/b.md)',
    '<img src="a/gone.svg">',
    '[x]: gone.md',
    '[![x](a/gone.svg)](a/b.md)',
  ])('%s is stale', text => {
    expect(linkFaults(text)).toHaveLength(1);
  });
});

describe('the translation', () => {
  const original = '# Quorate\n\n[x](a.md)\n\n## Start\n\n```sh\nrun it # now\n```\n';
  const faults = (text: string): readonly string[] =>
    findings(translation, { 'README.md': original, 'README.zh-CN.md': text });

  test('headings, links and commands are those of the original', () => {
    expect(faults('# Quorate\n\n[某](a.md)\n\n## 开始\n\n```sh\nrun it # 现在\n```\n')).toEqual([]);
    expect(faults('# Quorate\n\n[某](a.md)\n\n```sh\nrun it\n```\n')[0]).toContain('heading levels');
    expect(faults('# Quorate\n\n## 开始\n\n```sh\nrun it\n```\n')[0]).toContain('no link to a.md');
    expect(faults('# Quorate\n\n[某](a.md)[b](b.md)\n\n## 开始\n\n```sh\nrun it\n```\n')[0]).toContain(
      'links to b.md',
    );
    expect(faults('# Quorate\n\n[某](a.md)\n\n## 开始\n\n```sh\nrun that\n```\n')[0]).toContain(
      'code blocks',
    );
    expect(findings(translation, { 'README.md': original })).toHaveLength(1);
  });
});

describe('the table of packages', () => {
  const readme = '# Q\n\n<!-- packages -->\nold\n<!-- /packages -->\n';

  test('it follows the manifests, and is brought up to date', () => {
    const files = { ...CORE, 'README.md': readme };
    expect(findings(packageTableRule, files)).toEqual([
      'README.md:3: the table of packages is out of date: pnpm tidy --write',
    ]);
    const written = withPackageTable(Repository.of(files));
    expect(written).toContain('| [`@quorate/core`](packages/core/README.md) | Words |');
    expect(findings(packageTableRule, { ...CORE, 'README.md': written })).toEqual([]);
    expect(findings(packageTableRule, { ...CORE, 'README.md': '# Q' })[0]).toContain('marks');
  });
});

describe('text of one machine', () => {
  const at = (...parts: readonly string[]): string => parts.join('');
  const rule = foreignText(['/somewhere/']);

  test.each([
    at('https://', 'registry.', 'example.org/x'),
    at('https://npm.', 'pkg.github.com'),
    at('cd /home', '/ada/quorate'),
    at('cd /Users', '/ada/quorate'),
    at('cd /root', '/quorate'),
    at('C:', '\\Users', '\\ada'),
    'file:///somewhere/else',
  ])('%s', text => {
    expect(findings(rule, { 'a.md': `\n${text}\n` })).toHaveLength(1);
    expect(findings(rule, { 'a.md': `\n${text}\n` })[0]).toMatch(/^a\.md:2: /);
  });

  test('a lock file that pins an address is red, other text is not', () => {
    const locked = `    resolution: {integrity: sha512-x==, tarball: ${at('http', '://a.example/x.tgz')}}\n`;
    expect(findings(rule, { 'pnpm-lock.yaml': locked })).toHaveLength(1);
    expect(
      findings(rule, { 'a.ts': `const path = '/tmp/x'; const url = 'https://example.com/homes/of';` }),
    ).toEqual([]);
  });

  test('the folder around the repository counts, folders of every machine do not', () => {
    expect(placesOfThisMachine('/builds/quorate')).toContain('/builds/');
    expect(placesOfThisMachine('/tmp/quorate')).not.toContain('/tmp/');
  });
});
