import { parseSections } from './sections.ts';

/** A page as the two files for language models list it. */
export interface TextPage {
  /** `/packages/ring` */
  readonly address: string;
  readonly markdown: string;
}

/** `llms.txt`: what there is, a line for each page, with its title and its first sentence. */
export function llmsIndex(title: string, summary: string, pages: readonly TextPage[]): string {
  const rows = pages.map(page => {
    const { heading, opening } = titleOf(page);
    return `- [${heading}](${page.address}.md)${opening === '' ? '' : `: ${opening}`}`;
  });
  return [`# ${title}`, '', `> ${summary}`, '', '## Pages', '', ...rows, ''].join('\n');
}

/** `llms-full.txt`: every page, one after the other. */
export function llmsFull(pages: readonly TextPage[]): string {
  return pages.map(page => `<!-- ${page.address} -->\n\n${plainMarkdown(page.markdown)}\n`).join('\n');
}

/** A page without frontmatter and without what only the site can show. */
export function plainMarkdown(markdown: string): string {
  return markdown
    .replace(/^---\n[\s\S]*?\n---\n/, '')
    .replaceAll(/^<script setup>[\s\S]*?^<\/script>\n/gm, '')
    .replaceAll(/^<(?:[A-Z]\w*\b[^>]*\/|\/?div\b[^>]*)>\n?/gm, '')
    .trim();
}

function titleOf({ address, markdown }: TextPage): { heading: string; opening: string } {
  const plain = plainMarkdown(markdown);
  const first = parseSections(plain)[0];
  const named = /^---\n(?:.*\n)*?title: (.+)\n(?:.*\n)*?---\n/.exec(markdown)?.[1];
  const heading = named ?? first?.heading ?? address;
  const paragraph = (first?.body ?? '').split('\n\n')[0]?.replaceAll('\n', ' ') ?? '';
  const sentence = /^[A-Z`[].*?[.:](?=\s|$)/.exec(paragraph)?.[0] ?? '';
  return {
    heading: (address.startsWith('/api/@') ? 'API of ' : '') + withoutLinks(heading),
    opening: withoutLinks(sentence).replace(/:$/, '.'),
  };
}

function withoutLinks(text: string): string {
  return text.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1');
}
