import { markdownLines } from './fences.ts';
import { parseSections, type Section } from './sections.ts';
import { slug } from './slug.ts';

const CODE_HEADING = /^`([A-Z][A-Z0-9_]*)`$/;

/** One error code as one package documents it. */
export interface DocumentedCode {
  readonly code: string;
  /** Page of the package, by path from docs/: `packages/core.md`. */
  readonly page: string;
  readonly text: string;
}

/** The error codes that READMEs have a heading for, by code, then by page. */
export function documentedCodes(readmes: ReadonlyMap<string, string>): DocumentedCode[] {
  const found: DocumentedCode[] = [];
  for (const [page, markdown] of readmes) {
    for (const { depth, heading, body } of parseSections(markdown)) {
      const code = CODE_HEADING.exec(heading)?.[1];
      if (depth === 3 && code !== undefined) found.push({ code, page, text: fromElsewhere(page, body) });
    }
  }
  return found.toSorted((a, b) => compare(a.code, b.code) || compare(a.page, b.page));
}

/** The error page's list: a heading for each code, below it what each package says, and where. */
export function errorsSection(readmes: ReadonlyMap<string, string>): string {
  const lines: string[] = [];
  let last = '';
  for (const { code, page, text } of documentedCodes(readmes)) {
    if (code !== last) lines.push(`## \`${code}\``, '');
    last = code;
    lines.push(text, '', `In [${titleOf(readmes, page)}](${address(page)}#${slug(code)})`, '');
  }
  return lines.join('\n');
}

/** The guarantees page's list: for each package what it promises and what it does not. */
export function promisesSection(readmes: ReadonlyMap<string, string>): string {
  const lines: string[] = [];
  for (const [page, markdown] of readmes) {
    const sections = parseSections(markdown);
    const promised = named(sections, /^Guarantees\b/);
    const excluded = named(sections, /^What it does not promise\b/);
    if (promised === undefined && excluded === undefined) continue;
    lines.push(`## [${titleOf(readmes, page)}](${address(page)})`, '');
    if (promised !== undefined) lines.push('### It promises', '', moved(page, promised), '');
    if (excluded !== undefined) lines.push('### It does not promise', '', moved(page, excluded), '');
  }
  return lines.join('\n');
}

function named(sections: readonly Section[], pattern: RegExp): Section | undefined {
  return sections.find(({ depth, heading }) => depth === 2 && pattern.test(heading));
}

function moved(page: string, { body }: Section): string {
  return deepen(fromElsewhere(page, body));
}

/** What leads to a heading of its own page leads there from any other. */
function fromElsewhere(page: string, markdown: string): string {
  const lines = [...markdownLines(markdown)];
  return lines
    .map(({ text, fenced }) => (fenced ? text : text.replaceAll('](#', `](${address(page)}#`)))
    .join('\n');
}

/** Headings below a section move one level down with it. */
function deepen(markdown: string): string {
  const lines = [...markdownLines(markdown)];
  return lines.map(({ text, fenced }) => (fenced ? text : text.replace(/^(#{3,5}) /, '#$1 '))).join('\n');
}

function titleOf(readmes: ReadonlyMap<string, string>, page: string): string {
  return parseSections(readmes.get(page) ?? '')[0]?.heading ?? page;
}

function address(page: string): string {
  return `/${page.replace(/\.md$/, '')}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
