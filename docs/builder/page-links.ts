import { posix } from 'node:path';
import { markdownLines } from './fences.ts';

/** Where the target of a relative link stands. */
export interface LinkPlaces {
  /** Pages of the site by path from the repository's root. */
  readonly pages: ReadonlyMap<string, string>;
  /** Whether a file or folder of that path stands in the repository. */
  readonly exists: (path: string) => boolean;
  /** The repository on the web, for what is no page. */
  readonly repositoryUrl: string;
}

const ELSEWHERE = /^(?:[a-z][a-z0-9+.-]*:|\/\/|#)/i;
const INLINE = /(\]\(\s*)([^)\s]+)((?:\s+"[^"]*")?\s*\))/g;
const DEFINITION = /^(\s{0,3}\[[^\]]+\]:\s+)(\S+)(.*)$/;
const HTML = /(\b(?:href|src)=")([^"]+)(")/g;
const CODE_SPAN = /(`+)(?!`)[\s\S]*?\1(?!`)/g;

/**
 * Rewrites the relative links of a repository's file for its page: to the page where the target is one, to the
 * repository on the web otherwise. Code is left alone.
 *
 * @throws Error naming file and line of a link that leads nowhere.
 */
export function rewriteLinks(markdown: string, source: string, places: LinkPlaces): string {
  const lines: string[] = [];
  for (const { text, line, fenced } of markdownLines(markdown)) {
    if (fenced) lines.push(text);
    else lines.push(outsideCode(text, part => rewriteLine(part, source, line, places)));
  }
  return lines.join('\n');
}

function rewriteLine(text: string, source: string, line: number, places: LinkPlaces): string {
  const to = (target: string): string => pageTarget(target, source, line, places);
  return [INLINE, HTML, DEFINITION].reduce(
    (result, pattern) =>
      result.replace(pattern, (_, before: string, target: string, after: string) => {
        return `${before}${to(target)}${after}`;
      }),
    text,
  );
}

function pageTarget(target: string, source: string, line: number, places: LinkPlaces): string {
  if (ELSEWHERE.test(target)) return target;
  const [encoded = '', anchor] = target.split('#', 2);
  const hash = anchor === undefined ? '' : `#${anchor}`;
  const path = posix.join(posix.dirname(source), decodeURIComponent(encoded)).replace(/\/$/, '');
  const page = places.pages.get(path) ?? places.pages.get(`${path}/README.md`);
  if (page !== undefined) return `/${page.replace(/(?:index)?\.md$/, '')}${hash}`;
  if (!places.exists(path)) throw new Error(`${source}:${line}: "${target}" leads nowhere`);
  return `${places.repositoryUrl}/blob/main/${path}${hash}`;
}

/** Applies `change` to what lies between code spans. A link whose text is code is still seen whole. */
function outsideCode(text: string, change: (part: string) => string): string {
  const spans: string[] = [];
  const held = text.replace(CODE_SPAN, span => `\u0000${spans.push(span) - 1}\u0000`);
  // oxlint-disable-next-line no-control-regex -- the control characters are the marks set above
  return change(held).replace(/\u0000(\d+)\u0000/g, (_, at: string) => spans[Number(at)] as string);
}
