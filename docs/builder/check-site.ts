import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

const LINK = /<a\b[^>]*?\shref="([^"]*)"/g;
const LOADED =
  /<(?:script|img|source|iframe|video|audio)\b[^>]*?\ssrc="([^"]*)"|<link\b[^>]*?\shref="([^"]*)"/g;
const ID = /\sid="([^"]*)"/g;
const CSS_URL = /url\(\s*["']?([^"')]+)|@import\s+["']([^"']+)/g;
const OTHER_ORIGIN = /^(?:https?:)?\/\//i;

/**
 * Looks through a built site for what VitePress does not check: anchors that are not there, files that are not there,
 * and anything that a browser would load from another origin.
 *
 * @returns A line for each fault.
 */
export function siteFaults(dist: string): string[] {
  const files = new Set(readdirSync(dist, { recursive: true, encoding: 'utf8' }));
  const pages = new Map<string, { html: string; ids: ReadonlySet<string> }>();
  for (const file of files) {
    if (!file.endsWith('.html')) continue;
    const html = readFileSync(join(dist, file), 'utf8');
    pages.set(file, { html, ids: new Set([...html.matchAll(ID)].map(match => match[1] ?? '')) });
  }
  const faults = new Set<string>();
  for (const [file, { html }] of pages) {
    for (const [, href = ''] of html.matchAll(LINK)) {
      const fault = linkFault(file, unescapeHtml(href), files, pages);
      if (fault !== undefined) faults.add(`${file}: ${fault}`);
    }
    for (const [, src, href] of html.matchAll(LOADED)) {
      const target = src ?? href ?? '';
      if (OTHER_ORIGIN.test(target)) faults.add(`${file}: loads ${target} from another origin`);
    }
  }
  for (const file of files) {
    if (!file.endsWith('.css')) continue;
    for (const [, url, imported] of readFileSync(join(dist, file), 'utf8').matchAll(CSS_URL)) {
      const target = url ?? imported ?? '';
      if (OTHER_ORIGIN.test(target)) faults.add(`${file}: loads ${target} from another origin`);
    }
  }
  return [...faults];
}

function linkFault(
  from: string,
  href: string,
  files: ReadonlySet<string>,
  pages: ReadonlyMap<string, { ids: ReadonlySet<string> }>,
): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:|^\/\//i.test(href)) return undefined;
  const [path = '', anchor = ''] = href.split('#', 2);
  const target = path === '' ? from : targetFile(from, path, files);
  if (target === undefined) return `"${href}" leads nowhere`;
  const page = pages.get(target);
  if (page === undefined || anchor === '' || page.ids.has(decodeURIComponent(anchor))) return undefined;
  return `"${href}" leads to an anchor that is not in ${target}`;
}

/** A static server's way from an address to a file, clean addresses included. */
export function targetFile(from: string, path: string, files: ReadonlySet<string>): string | undefined {
  const joined = path.startsWith('/') ? path.slice(1) : posix.join(posix.dirname(from), path);
  const bare = decodeURIComponent(joined).replace(/\/$/, '');
  const candidates =
    bare === '' || bare === '.' ? ['index.html'] : [bare, `${bare}.html`, `${bare}/index.html`];
  return candidates.find(candidate => files.has(candidate) && /\.\w+$/.test(candidate));
}

function unescapeHtml(text: string): string {
  return text.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#39;', "'");
}
