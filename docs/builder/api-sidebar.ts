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

/**
 * The API's own sidebars by the folder that they stand beside: what the package there exports, by kind, from the pages that TypeDoc
 * wrote, and the way to the other packages. A page holds its sidebar, so with everything in each the site grew with the square of the API.
 */
export function apiSidebars(
  docs: string,
  packages: readonly WorkspacePackage[],
): Readonly<Record<string, readonly SidebarEntry[]>> {
  const overview = { text: 'All packages', link: '/api/' };
  const entries = packages.flatMap(({ name, entries }) => {
    return Object.keys(entries).map(entry => ({ owner: name, text: entry, link: `/api/${entry}/` }));
  });
  const sidebar = (shown?: string): readonly SidebarEntry[] => {
    const groups = entries.map(({ owner, text, link }) => {
      if (owner !== shown) return { text, link };
      const items = KINDS.flatMap(([folder, title]) => kindGroup(docs, `api/${text}/${folder}`, title));
      return { text, link, collapsed: true, items };
    });
    return [overview, ...groups];
  };
  const own = packages.map(({ name }) => [`/api/${name}/`, sidebar(name)] as const);
  return Object.fromEntries([...own, ['/api/', sidebar()]]);
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
