import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errorsSection, promisesSection } from './collect-sections.ts';
import { rewriteLinks } from './page-links.ts';
import { generatedFolders, repositoryUrl } from './places.ts';
import { repositoryPages, standIns } from './repository-pages.ts';

/**
 * Writes the pages that come from files of the repository: READMEs with their links rewritten, and the sections that
 * the error and guarantees pages include.
 *
 * @returns The pages written, by path from docs/.
 * @throws Error on a link that leads nowhere.
 */
export function collectPages(root: string, docs: string): string[] {
  for (const folder of generatedFolders) {
    if (folder !== 'api') rmSync(join(docs, folder), { recursive: true, force: true });
  }
  const sources = repositoryPages(root);
  const pages = new Map([...standIns, ...sources.map(({ source, page }) => [source, page] as const)]);
  const exists = (path: string): boolean => existsSync(join(root, path));
  const readmes = new Map<string, string>();
  for (const { source, page } of sources) {
    const text = readFileSync(join(root, source), 'utf8');
    const rewritten = rewriteLinks(text, source, { pages, exists, repositoryUrl });
    write(join(docs, page), `${frontmatter(source)}${rewritten}`);
    if (source.endsWith('/README.md')) readmes.set(page, rewritten);
  }
  write(join(docs, 'generated/errors.md'), errorsSection(readmes));
  write(join(docs, 'generated/promises.md'), promisesSection(readmes));
  return [...pages.values()];
}

/** "Edit this page" must lead to the file that is edited. */
function frontmatter(source: string): string {
  return `---\nsource: ${source}\n---\n\n`;
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
