import { type Markdown, parseMarkdown } from './markdown.ts';
import type { Finding, Rule } from './rule.ts';

/** The house order: what it is, how to use it, and what it promises come before how it does it. */
const SECTIONS: readonly (readonly [RegExp, string])[] = [
  [/^Guarantees\b/i, 'Guarantees'],
  [/^What it does not promise\b/i, 'What it does not promise'],
  [/^How it works\b/i, 'How it works'],
  [/^API\b/i, 'API'],
  [/^Configuration\b/i, 'Configuration'],
  [/^Errors\b/i, 'Errors'],
  [/^Measured cost\b/i, 'Measured cost'],
];
const EXAMPLE_LINES_MAX = 15;

export const readmeSections: Rule = {
  name: 'readme-sections',
  summary: `a package's README: one sentence, an example of ${EXAMPLE_LINES_MAX} lines, then the house's sections in order`,
  *check(repository) {
    for (const { folder, manifest, published } of repository.workspace) {
      const file = `${folder}/README.md`;
      if (!published || !repository.has(file)) continue;
      const page = parseMarkdown(repository.text(file));
      for (const [line, message] of [
        ...openingFaults(page, manifest.name ?? ''),
        ...exampleFaults(page, manifest.bin === undefined ? 'ts' : 'sh'),
        ...orderFaults(page),
      ]) {
        yield { file, line, message } satisfies Finding;
      }
    }
  },
};

type Fault = readonly [line: number, message: string];

function* openingFaults(page: Markdown, name: string): Iterable<Fault> {
  const title = page.headings[0];
  if (title?.depth !== 1 || title.text !== name) yield [1, `the README opens with "# ${name}"`];
  if (page.opening === undefined) yield [1, 'one sentence follows the title: what it is and for whom'];
}

/** A library shows a module, a command shows itself at work. */
function* exampleFaults(page: Markdown, language: 'ts' | 'sh'): Iterable<Fault> {
  const example = page.code[0];
  const guarantees = page.headings.find(heading => SECTIONS[0]?.[0].test(heading.text) === true);
  if (example?.language !== language || example.line > (guarantees?.line ?? Number.POSITIVE_INFINITY)) {
    yield [1, `a runnable \`\`\`${language} example stands before "Guarantees"`];
  } else if (example.lines.length > EXAMPLE_LINES_MAX) {
    yield [example.line, `the example has ${example.lines.length} lines: the limit is ${EXAMPLE_LINES_MAX}`];
  }
}

function* orderFaults(page: Markdown): Iterable<Fault> {
  let after = 0;
  let previous = 'the title';
  for (const [pattern, section] of SECTIONS) {
    const heading = page.headings.find(({ depth, text }) => depth === 2 && pattern.test(text));
    if (heading === undefined) yield [1, `the section "## ${section}" is missing`];
    else if (heading.line < after) yield [heading.line, `"${section}" comes after "${previous}"`];
    else {
      after = heading.line;
      previous = section;
    }
  }
}
