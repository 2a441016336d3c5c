/** More of one name or message tells nobody more. */
const textCharsMax = 300;

/**
 * Text as it may stand anywhere in GitHub's Markdown, in table cells too: nothing in it is markup, mentions somebody or refers
 * to an issue. Lines are joined, and what is too long is cut.
 */
export function markdownText(text: string): string {
  // A character of no width parts the sign from the name, so that nobody is notified.
  return encoded(text).replace(/&#(?:35|64);/g, sign => `${sign}&#8203;`);
}

/** The same as code, where GitHub looks for neither mentions nor issues. */
export function markdownCode(text: string): string {
  return `<code>${encoded(text)}</code>`;
}

/**
 * What GitHub takes for markup as character references, which are never that (CommonMark 0.31, section 2.5): the signs of
 * HTML, tables, code, emphasis, links, headings, mentions and mathematics anywhere, those of lists and rules at the start,
 * and what makes an address a link.
 */
function encoded(text: string): string {
  const line = text.trim().replace(/\s+/g, ' ');
  const cut = line.length > textCharsMax ? `${line.slice(0, textCharsMax - 1).toWellFormed()}…` : line;
  const markup = /[&<>"'|`*_~[\]\\#@$!]|^[-+=]|(?<=^\d+)[.)]|:(?=\/\/)|(?<=\bwww)\./gi;
  return cut.replace(markup, char => `&#${char.charCodeAt(0)};`);
}

/** As many lines as fit, and how many more there are. */
export function fitting(
  lines: readonly string[],
  charsMax: number,
  more: (count: number) => string,
): string[] {
  let chars = 0;
  for (const [index, line] of lines.entries()) {
    chars += line.length + 1;
    if (chars > charsMax) return [...lines.slice(0, index), more(lines.length - index)];
  }
  return [...lines];
}
