import { posix } from 'node:path';
import { parseMarkdown } from './markdown.ts';
import type { Repository } from './repository.ts';
import type { Rule } from './rule.ts';

/** A scheme, or `//host`: not ours to check without a network. */
const ELSEWHERE = /^(?:[a-z][a-z0-9+.-]*:|\/\/)/i;

/** Files and headings that a Markdown file links to exist. The site's own pages are checked by its build. */
export const links: Rule = {
  name: 'links',
  summary: 'relative links in Markdown files lead to a file and a heading that exist',
  *check(repository) {
    for (const file of repository.files) {
      if (!file.endsWith('.md') || file.startsWith('docs/')) continue;
      for (const { target, line } of parseMarkdown(repository.text(file)).links) {
        const message = ELSEWHERE.test(target) ? undefined : linkFault(repository, file, target);
        if (message !== undefined) yield { file, line, message };
      }
    }
  },
};

function linkFault(repository: Repository, file: string, target: string): string | undefined {
  const [encoded = '', anchor] = target.split('#', 2);
  const path = decodeURIComponent(encoded.replace(/\?.*$/, ''));
  if (path.startsWith('/')) return `"${target}" is absolute: link from this file`;
  const to = path === '' ? file : posix.join(posix.dirname(file), path).replace(/\/$/, '');
  if (!repository.has(to)) return `"${target}" leads nowhere: ${to} does not exist`;
  if (anchor === undefined || anchor === '' || !to.endsWith('.md')) return undefined;
  const text = repository.text(to);
  const anchors = parseMarkdown(text).headings.map(heading => heading.anchor);
  const named = [...text.matchAll(/<a (?:id|name)="([^"]+)"/g)].map(match => match[1] ?? '');
  return [...anchors, ...named].includes(decodeURIComponent(anchor))
    ? undefined
    : `"${target}" leads nowhere: ${to} has no heading #${anchor}`;
}
