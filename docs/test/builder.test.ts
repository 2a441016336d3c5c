import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { apiSidebars } from '../builder/api-sidebar.ts';
import { checkOut } from '../builder/check-out.ts';
import { siteFaults } from '../builder/check-site.ts';
import { documentedCodes, errorsSection, promisesSection } from '../builder/collect-sections.ts';
import { llmsIndex, plainMarkdown } from '../builder/llms-text.ts';
import { type LinkPlaces, rewriteLinks } from '../builder/page-links.ts';
import { slug } from '../builder/slug.ts';

const places: LinkPlaces = {
  pages: new Map([
    ['README.md', 'index.md'],
    ['packages/ring/README.md', 'packages/ring.md'],
    ['packages/core/README.md', 'packages/core.md'],
  ]),
  exists: path => path === 'packages/ring/src/index.ts' || path === 'LICENSE',
  repositoryUrl: 'https://example.org/repository',
};

describe('the folder a site goes to', () => {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-docs-out-'));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('is emptied only where it is ours, empty, or holds a site', () => {
    const put = (path: string): void => {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), '');
    };
    const check = (path: string) => (): void => checkOut(join(folder, path), join(folder, 'docs'));
    put('docs/index.html');
    put('docs/.vitepress/dist/half-built.js');
    put('site/index.html');
    put('site/hashmap.json');
    mkdirSync(join(folder, 'empty'));
    for (const path of ['docs/.vitepress/dist', 'site', 'empty', 'not-there'])
      expect(check(path)).not.toThrow();
    for (const path of ['', 'docs', 'docs/.vitepress']) expect(check(path)).toThrow('must be empty or hold');
  });
});

test('beside a page of the API stands what its package exports, and the way to the others', () => {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-docs-api-'));
  try {
    for (const page of ['a/classes/B', 'a/classes/A', 'a/deep/functions/f', 'b/variables/v']) {
      mkdirSync(dirname(join(folder, 'api', page)), { recursive: true });
      writeFileSync(join(folder, 'api', `${page}.md`), '');
    }
    const about = { description: '', documented: true };
    const sidebars = apiSidebars(folder, [
      { ...about, folder: 'a', name: 'a', entries: { a: 'src/index.ts', 'a/deep': 'src/deep.ts' } },
      { ...about, folder: 'b', name: 'b', entries: { b: 'src/index.ts' } },
    ]);
    expect(Object.keys(sidebars)).toEqual(['/api/a/', '/api/b/', '/api/']);
    const item = (text: string, link: string): object => ({ text, link });
    const all = item('All packages', '/api/');
    const others = ['a', 'a/deep', 'b'].map(name => item(name, `/api/${name}/`));
    expect(sidebars['/api/']).toEqual([all, ...others]);
    expect(sidebars['/api/a/']).toEqual([
      all,
      {
        ...others[0],
        collapsed: true,
        items: [{ text: 'Classes', items: [item('A', '/api/a/classes/A'), item('B', '/api/a/classes/B')] }],
      },
      {
        ...others[1],
        collapsed: true,
        items: [{ text: 'Functions', items: [item('f', '/api/a/deep/functions/f')] }],
      },
      others[2],
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

describe('links of a README', () => {
  const rewrite = (line: string): string => rewriteLinks(line, 'packages/ring/README.md', places);

  test.each([
    ['[core](../core/README.md#errors)', '[core](/packages/core#errors)'],
    ['[core](../core)', '[core](/packages/core)'],
    ['[start](../../README.md "the start")', '[start](/ "the start")'],
    [
      '[`index`](src/index.ts)',
      '[`index`](https://example.org/repository/blob/main/packages/ring/src/index.ts)',
    ],
    ['<a href="../../LICENSE">', '<a href="https://example.org/repository/blob/main/LICENSE">'],
    ['[core]: ../core/README.md', '[core]: /packages/core'],
    ['[here](#api) and [there](https://example.org/a)', '[here](#api) and [there](https://example.org/a)'],
    ['`[no](link.md)` and ``a ` [no](link.md)``', '`[no](link.md)` and ``a ` [no](link.md)``'],
  ])('%s', (line, rewritten) => {
    expect(rewrite(line)).toBe(rewritten);
  });

  test('code is left alone, and lines are counted through it', () => {
    expect(rewrite('```md\n[no](link.md)\n```')).toBe('```md\n[no](link.md)\n```');
    expect(() => rewrite('```md\n```\n[no](link.md)')).toThrow(
      'packages/ring/README.md:3: "link.md" leads nowhere',
    );
  });
});

describe('what is collected', () => {
  const readmes = new Map([
    [
      'packages/b.md',
      '# b\n\n## Guarantees\n\n- holds\n\n## Errors\n\n### `LATE`\n\nToo late.\n\n### Notes\n\nNo code.',
    ],
    ['packages/a.md', '# a\n\n## Errors\n\n### `LATE`\n\nLate here.\n\n```sh\n### `NOT_A_HEADING`\n```\n'],
  ]);

  test('codes by name, then by package; a heading in code is none', () => {
    expect(documentedCodes(readmes).map(({ code, page }) => [code, page])).toEqual([
      ['LATE', 'packages/a.md'],
      ['LATE', 'packages/b.md'],
    ]);
    const section = errorsSection(readmes);
    expect(section.match(/^## `LATE`$/gm)).toHaveLength(1);
    expect(section).toContain('Too late.\n\nIn [b](/packages/b#late)');
  });

  test('promises of those that promise', () => {
    expect(promisesSection(readmes)).toBe('## [b](/packages/b)\n\n### It promises\n\n- holds\n');
  });

  test('a link within the page a promise is taken from leads back there', () => {
    const markdown = '# b\n\n## Guarantees\n\nAs [here](#how).\n\n```md\n[kept](#how)\n```\n\n## How\n';
    const section = promisesSection(new Map([['packages/b.md', markdown]]));
    expect(section).toContain('As [here](/packages/b#how).');
    expect(section).toContain('[kept](#how)');
  });

  test('the index for language models', () => {
    const markdown = '---\nlayout: doc\n---\n\n# [Title](/x)\n\nFirst [one](/y). Second.\n\n<LiveRing />\n';
    expect(llmsIndex('T', 'S', [{ address: '/p', markdown }])).toContain('- [Title](/p.md): First one.\n');
    expect(plainMarkdown(markdown)).toBe('# [Title](/x)\n\nFirst [one](/y). Second.');
  });
});

test('anchors are GitHub’s', () => {
  expect(slug('`DEADLINE_EXCEEDED`')).toBe('deadline_exceeded');
  expect(slug('Who may import whom?')).toBe('who-may-import-whom');
  expect(slug('两条命令')).toBe('两条命令');
});

describe('a built site', () => {
  const folders: string[] = [];

  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });

  function siteOf(files: Readonly<Record<string, string>>): string {
    const folder = mkdtempSync(join(tmpdir(), 'quorate-site-'));
    folders.push(folder);
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
    }
    return folder;
  }

  test('a sound one has no faults', () => {
    const index =
      '<h1 id="top"></h1><a href="/a/b#x">b</a><a href="#top"></a><a href="https://example.org">out</a>';
    expect(siteFaults(siteOf({ 'index.html': index, 'a/b.html': '<p id="x"><a href="/">home</a>' }))).toEqual(
      [],
    );
  });

  test('dead links, dead anchors and foreign assets are found', () => {
    const faults = siteFaults(
      siteOf({
        'index.html':
          '<a class="x" href="/gone">a</a><a href="/b#gone">b</a><script src="https://cdn.example/x.js">',
        'b.html': '<link rel="stylesheet" href="//cdn.example/x.css"><img src="/ok.png">',
        'x.css': '@import "https://fonts.example/f.css"; a { background: url(/ok.png) }',
      }),
    );
    expect(faults.toSorted()).toEqual([
      'b.html: loads //cdn.example/x.css from another origin',
      'index.html: "/b#gone" leads to an anchor that is not in b.html',
      'index.html: "/gone" leads nowhere',
      'index.html: loads https://cdn.example/x.js from another origin',
      'x.css: loads https://fonts.example/f.css from another origin',
    ]);
  });
});
