import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { WorkspacePackage } from './workspace.ts';

/** A group or a page of the sidebar. */
export interface SidebarEntry {
  readonly text: string;
  readonly link?: string;
  readonly collapsed?: boolean;
  readonly items?: SidebarEntry[];
}

const KINDS: readonly (readonly [folder: string, title: string])[] = [
  ['classes', 'Classes'],
  ['functions', 'Functions'],
  ['interfaces', 'Interfaces'],
  ['type-aliases', 'Types'],
  ['variables', 'Variables'],
];

/** The API's own sidebar: what a package exports, by kind, from the pages that TypeDoc wrote. */
export function apiSidebar(docs: string, packages: readonly WorkspacePackage[]): SidebarEntry[] {
  const overview = { text: 'All packages', link: '/api/' };
  const groups = packages.flatMap(({ entries }) => {
    return Object.keys(entries).map(name => {
      const items = KINDS.flatMap(([folder, title]) => kindGroup(docs, `api/${name}/${folder}`, title));
      return { text: name, link: `/api/${name}/`, collapsed: true, items };
    });
  });
  return [overview, ...groups];
}

function kindGroup(docs: string, folder: string, title: string): SidebarEntry[] {
  const pages = globSync('*.md', { cwd: join(docs, folder) }).toSorted();
  if (pages.length === 0) return [];
  const items = pages.map(page => {
    const text = basename(page, '.md');
    return { text, link: `/${folder}/${text}` };
  });
  return [{ text: title, items }];
}
