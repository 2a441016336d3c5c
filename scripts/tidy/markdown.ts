/** What the rules read of a Markdown file. Lines are 1-based. */
export interface Markdown {
  readonly headings: readonly Heading[];
  readonly links: readonly Link[];
  readonly code: readonly CodeBlock[];
  /** The first line of the first paragraph below the title, before any other block. */
  readonly opening: string | undefined;
}

export interface Heading {
  readonly depth: number;
  /** Without inline markup. */
  readonly text: string;
  /** The anchor that GitHub gives it. */
  readonly anchor: string;
  readonly line: number;
}

export interface Link {
  readonly target: string;
  readonly line: number;
}

export interface CodeBlock {
  readonly language: string;
  readonly lines: readonly string[];
  readonly line: number;
}

const FENCE = /^\s*(`{3,}|~{3,})\s*([\w-]*)/;
const INLINE_LINK = /\[(?:[^[\]]|\[[^\]]*\])*\]\(\s*<?([^)\s>]+)>?(?:\s+["'][^)]*)?\)/g;
const IMAGE = /!\[[^\]]*\]\(\s*<?([^)\s>]+)/g;
const DEFINITION = /^\s{0,3}\[[^\]]+\]:\s+<?(\S+?)>?(?:\s|$)/;
const HTML_LINK = /\b(?:href|src)="([^"]+)"/g;

/** Reads headings, links and code blocks; code is never taken for a heading or a link. */
export function parseMarkdown(text: string): Markdown {
  const headings: Heading[] = [];
  const links: Link[] = [];
  const code: CodeBlock[] = [];
  const anchors = new Map<string, number>();
  let opening: string | undefined;
  let block: { fence: string; language: string; lines: string[]; line: number } | undefined;
  for (const [index, raw] of text.split('\n').entries()) {
    const line = index + 1;
    const fence = FENCE.exec(raw);
    if (block !== undefined) {
      if (fence?.[1]?.startsWith(block.fence) === true && fence[2] === '') {
        code.push(block);
        block = undefined;
      } else block.lines.push(raw);
      continue;
    }
    if (fence?.[1] !== undefined) {
      block = { fence: fence[1], language: fence[2] ?? '', lines: [], line };
      opening ??= '';
      continue;
    }
    const bare = raw.replaceAll(/(`+)[^`]*?\1/g, '');
    const heading = /^(#{1,6})\s+(.+?)\s*#*$/.exec(raw);
    if (heading !== null) {
      headings.push(readHeading(heading[1] ?? '', heading[2] ?? '', line, anchors));
      if (headings.length > 1) opening ??= '';
    } else if (headings.length > 0 && raw.trim() !== '' && !raw.startsWith('<!--')) opening ??= raw;
    for (const target of lineLinks(bare)) links.push({ target, line });
  }
  return { headings, links, code, opening: opening === '' ? undefined : opening };
}

function readHeading(hashes: string, markup: string, line: number, anchors: Map<string, number>): Heading {
  const text = markup
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/[`*]|<[^>]+>/g, '')
    .trim();
  const slug = text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, '')
    .replaceAll(' ', '-');
  const seen = anchors.get(slug) ?? 0;
  anchors.set(slug, seen + 1);
  return { depth: hashes.length, text, anchor: seen === 0 ? slug : `${slug}-${seen}`, line };
}

/** A picture may itself be the text of a link, hence a set: an image alone matches twice. */
function lineLinks(line: string): ReadonlySet<string> {
  const found = [INLINE_LINK, IMAGE, HTML_LINK].flatMap(pattern => [...line.matchAll(pattern)]);
  const definition = DEFINITION.exec(line);
  if (definition !== null) found.push(definition);
  return new Set(found.map(match => match[1] ?? ''));
}
