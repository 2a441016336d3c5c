import { type Markdown, parseMarkdown } from './markdown.ts';
import type { Rule } from './rule.ts';

const ORIGINAL = 'README.md';
const TRANSLATION = 'README.zh-CN.md';

/** A translation that lags behind misleads; its words cannot be compared, its bones can. */
export const translation: Rule = {
  name: 'translation',
  summary: `${TRANSLATION} has the headings, links and commands of ${ORIGINAL}`,
  *check(repository) {
    const missing = [ORIGINAL, TRANSLATION].filter(file => !repository.has(file));
    for (const file of missing) yield { file, line: 1, message: 'the file is missing' };
    if (missing.length > 0) return;
    const original = parseMarkdown(repository.text(ORIGINAL));
    const translated = parseMarkdown(repository.text(TRANSLATION));
    for (const message of [
      difference('heading levels', levels(original), levels(translated)),
      ...linkFaults(original, translated),
      difference('code blocks', commands(original), commands(translated)),
    ]) {
      if (message !== undefined) yield { file: TRANSLATION, line: 1, message };
    }
  },
};

function levels(page: Markdown): string {
  return page.headings.map(({ depth }) => '#'.repeat(depth)).join(' ');
}

/** Code without its comments, which are translated. */
function commands(page: Markdown): string {
  const code = page.code.map(({ lines }) => lines.map(line => line.replace(/\s*(?:#|\s\/\/).*$/, '')));
  return code.map(lines => lines.join('\n')).join('\n\n');
}

function difference(what: string, expected: string, actual: string): string | undefined {
  return expected === actual
    ? undefined
    : `${what} differ from ${ORIGINAL}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(actual)}`;
}

/** Anchors are left out, for headings are translated; each page links to the other. */
function linkFaults(original: Markdown, translated: Markdown): readonly string[] {
  const targets = (page: Markdown): ReadonlySet<string> =>
    new Set(
      page.links
        .map(({ target }) => target.replace(/#.*$/, ''))
        .filter(target => target !== '' && target !== ORIGINAL && target !== TRANSLATION),
    );
  const expected = targets(original);
  const actual = targets(translated);
  return [
    ...[...expected.difference(actual)].map(target => `no link to ${target}, which ${ORIGINAL} has`),
    ...[...actual.difference(expected)].map(target => `links to ${target}, which ${ORIGINAL} does not`),
  ];
}
