import { parseMarkdown } from './markdown.ts';
import type { Repository } from './repository.ts';
import type { Rule } from './rule.ts';
import { childNode, childNodes, identifierName, stringValue, walk } from './syntax.ts';

/** Who meets a code in a log finds its meaning under a heading of that name. */
export const readmeErrors: Rule = {
  name: 'readme-errors',
  summary: "every code of a QuorateError in a package's sources has its heading in the package's README",
  *check(repository) {
    for (const { folder, published } of repository.workspace) {
      const file = `${folder}/README.md`;
      if (!published || !repository.has(file)) continue;
      const headings = parseMarkdown(repository.text(file)).headings.map(({ text }) => text);
      for (const [code, where] of thrownCodes(repository, `${folder}/src`)) {
        if (headings.some(text => text.split(/[\s,]+/).includes(code))) continue;
        yield { file, line: 1, message: `no heading for the error code ${code}, which ${where} uses` };
      }
    }
  },
};

/** `new QuorateError('CODE', …)` by code, with the first file that has it. */
function thrownCodes(repository: Repository, folder: string): ReadonlyMap<string, string> {
  const codes = new Map<string, string>();
  for (const file of repository.code(folder)) {
    walk(repository.source(file).program, node => {
      if (node.type !== 'NewExpression') return;
      if (identifierName(childNode(node, 'callee')) !== 'QuorateError') return;
      const code = stringValue(childNodes(node, 'arguments')[0]);
      if (code !== undefined && !codes.has(code)) codes.set(code, file);
    });
  }
  return codes;
}
