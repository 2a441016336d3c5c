import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Folders below docs/ that git ignores and that hold nothing but a built site, or a half of one. */
const OWN = ['.vitepress/dist', '.quorate/site'];

/**
 * Checks that the folder a site is to go to may be emptied first, as a build does: that it is one of ours, is empty, or holds
 * a site.
 *
 * @throws Error where it holds anything else: a mistyped `--out` must not cost anybody's files.
 */
export function checkOut(out: string, docs: string): void {
  if (OWN.some(folder => join(docs, folder) === out) || !existsSync(out)) return;
  const names = readdirSync(out);
  if (names.length === 0 || (names.includes('hashmap.json') && names.includes('index.html'))) return;
  throw new Error(`Folder of the site must be empty or hold a site: received "${out}" with ${names[0]}`);
}
