/** A fenced code block of a Markdown file. */
export interface Fence {
  /** The first word after the backticks: `ts`. Empty where there is none. */
  readonly language: string;
  /** What follows the language on that line. */
  readonly info: string;
  readonly code: string;
  /** 1-based line of the opening fence; the code starts on the next one. */
  readonly line: number;
}

/** One line of a Markdown file with what it belongs to. */
export interface MarkdownLine {
  readonly text: string;
  /** 1-based. */
  readonly line: number;
  /** Whether it lies in a fenced block, the fences included. */
  readonly fenced: boolean;
}

const FENCE = /^(\s*)(`{3,}|~{3,})\s*(\S*)\s*(.*?)\s*$/;

/** Every fenced block, in order. A block that is never closed runs to the end of the file. */
export function parseFences(markdown: string): Fence[] {
  const fences: Fence[] = [];
  let open: { indent: string; marks: string; language: string; info: string; line: number } | undefined;
  let body: string[] = [];
  const close = (): void => {
    if (open === undefined) return;
    const { language, info, line } = open;
    fences.push({ language, info, line, code: body.map(text => `${text}\n`).join('') });
    open = undefined;
    body = [];
  };
  for (const [index, text] of markdown.split('\n').entries()) {
    const [, indent = '', marks, language = '', info = ''] = FENCE.exec(text) ?? [];
    if (open === undefined) {
      if (marks !== undefined) open = { indent, marks, language, info, line: index + 1 };
    } else if (marks?.startsWith(open.marks) === true && language === '') close();
    else body.push(text.startsWith(open.indent) ? text.slice(open.indent.length) : text.trimStart());
  }
  close();
  return fences;
}

/** The lines of a Markdown file, told apart from its code. */
export function* markdownLines(markdown: string): Iterable<MarkdownLine> {
  let marks: string | undefined;
  for (const [index, text] of markdown.split('\n').entries()) {
    const match = FENCE.exec(text);
    const wasFenced = marks !== undefined;
    if (marks === undefined) marks = match?.[2];
    else if (match?.[2]?.startsWith(marks) === true && match[3] === '') marks = undefined;
    yield { text, line: index + 1, fenced: wasFenced || marks !== undefined };
  }
}
