import { cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'vitepress';
import { writeApiPages } from './api-pages.ts';
import { checkOut } from './check-out.ts';
import { siteFaults } from './check-site.ts';
import { collectPages } from './collect-pages.ts';
import { llmsFull, llmsIndex, plainMarkdown, type TextPage } from './llms-text.ts';
import { docsFolder, repositoryFolder } from './places.ts';
import { workspacePackages } from './workspace.ts';

/** What a build is told besides where it is. */
export interface BuildOptions {
  /** Where the site goes. */
  readonly out: string;
  /** A line at the start of each step. */
  readonly progress: (line: string) => void;
}

/** Writes the pages that come from READMEs and doc comments: everything that VitePress reads and git ignores. */
export async function generatePages(progress: (line: string) => void): Promise<void> {
  progress('collecting READMEs');
  collectPages(repositoryFolder, docsFolder);
  const packages = workspacePackages(repositoryFolder);
  progress(`reading the API of ${packages.map(({ name }) => name).join(', ')}`);
  await writeApiPages(repositoryFolder, docsFolder, packages);
}

/**
 * Builds the whole site. Needs no network.
 *
 * @throws Error where the folder holds anything but a site, for it is emptied; on a link or an anchor that leads nowhere, and on anything loaded from another origin.
 */
export async function buildSite({ out, progress }: BuildOptions): Promise<void> {
  checkOut(out, docsFolder);
  await generatePages(progress);
  progress('building the pages');
  rmSync(out, { recursive: true, force: true });
  await build(docsFolder, { outDir: out });
  const pages = textPages();
  writeTexts(out, pages);
  progress('checking links');
  const faults = siteFaults(out);
  if (faults.length > 0) throw new Error(`The site has ${faults.length} faults:\n  ${faults.join('\n  ')}`);
  progress(`done: ${pages.length} pages in ${out}`);
}

/** Every page but translations, in the order of the sidebar's groups. */
function textPages(): TextPage[] {
  const files = globSync('**/*.md', {
    cwd: docsFolder,
    exclude: ['**/node_modules/**', '.*/**', 'generated/**', 'zh/**'],
  });
  const order = ['index.md', 'quick-start.md', 'concepts/', 'guarantees.md', 'packages/'];
  const rank = (file: string): number => (order.findIndex(start => file.startsWith(start)) + 99) % 99;
  return files
    .toSorted((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
    .map(file => {
      const address = `/${file.replace(/\.md$/, '')}`;
      return { address, markdown: withIncludes(join(docsFolder, file)) };
    });
}

function withIncludes(file: string): string {
  const text = readFileSync(file, 'utf8');
  return text.replaceAll(/<!--\s*@include:\s*(\S+?)\s*-->/g, (_, path: string) => {
    return readFileSync(join(dirname(file), path), 'utf8');
  });
}

/** The pages once more as plain Markdown, for programs that read. */
function writeTexts(out: string, pages: readonly TextPage[]): void {
  const { description } = JSON.parse(readFileSync(join(repositoryFolder, 'package.json'), 'utf8'));
  for (const { address, markdown } of pages) {
    const path = join(out, `${address}.md`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${plainMarkdown(markdown)}\n`);
  }
  // Of the API the index lists the packages: their pages list the rest.
  const listed = pages.filter(({ address }) => !/^\/api\/.*(?<!\/index)$/.test(address));
  writeFileSync(join(out, 'llms.txt'), llmsIndex('Quorate', description, listed));
  writeFileSync(join(out, 'llms-full.txt'), llmsFull(pages));
  const licence = join(repositoryFolder, 'LICENSE');
  if (existsSync(licence)) cpSync(licence, join(out, 'LICENSE.txt'));
}
