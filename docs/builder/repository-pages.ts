import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** A Markdown file of the repository that is a page of the site, both by path from the root of each. */
export interface RepositoryPage {
  /** `packages/ring/README.md` */
  readonly source: string;
  /** `packages/ring.md` */
  readonly page: string;
}

const PROJECT_FILES = ['ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md'];

/** Every README of a package, an app and the bench, and what the project says about itself, where it exists. */
export function repositoryPages(root: string): RepositoryPage[] {
  const readme = (folder: string, page: string): RepositoryPage => ({ source: `${folder}/README.md`, page });
  const children = (parent: string): string[] =>
    existsSync(join(root, parent)) ? readdirSync(join(root, parent)).toSorted() : [];
  return [
    ...children('packages').map(name => readme(`packages/${name}`, `packages/${name}.md`)),
    ...children('apps').map(name => readme(`apps/${name}`, `tools/${name}.md`)),
    readme('bench', 'tools/bench.md'),
    ...PROJECT_FILES.map(source => ({ source, page: `project/${source.toLowerCase()}` })),
  ].filter(({ source }) => existsSync(join(root, source)));
}

/** The pages that stand for files which are not copied: the site has its own start page. */
export const standIns: ReadonlyMap<string, string> = new Map([
  ['README.md', 'index.md'],
  ['README.zh-CN.md', 'zh/index.md'],
]);
