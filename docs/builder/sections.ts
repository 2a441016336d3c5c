import { markdownLines } from './fences.ts';

/** A heading with what stands below it, up to the next heading of its level or above. */
export interface Section {
  readonly depth: number;
  /** As written, with its inline markup. */
  readonly heading: string;
  readonly body: string;
}

/** The sections of a Markdown file, outer ones before the inner ones that their bodies hold. */
export function parseSections(markdown: string): Section[] {
  const lines = markdown.split('\n');
  const headings: { depth: number; heading: string; line: number }[] = [];
  for (const { text, line, fenced } of markdownLines(markdown)) {
    const [, marks, heading] = fenced ? [] : (/^(#{1,6})\s+(.+?)\s*#*$/.exec(text) ?? []);
    if (marks !== undefined && heading !== undefined) headings.push({ depth: marks.length, heading, line });
  }
  return headings.map(({ depth, heading, line }, index) => {
    const next = headings.slice(index + 1).find(other => other.depth <= depth);
    const body = lines.slice(line, next === undefined ? undefined : next.line - 1).join('\n');
    return { depth, heading, body: body.trim() };
  });
}
