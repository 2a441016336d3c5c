import type { Rule } from './rule.ts';
import { type SyntaxNode, childNode, childNodes, memberPath, walk } from './syntax.ts';

/** A function longer than a screen cannot be seen whole. */
const LINES_MAX = 70;
const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);
const REGISTRARS = new Set(['describe', 'suite', 'test', 'it', 'bench']);

export const functionLength: Rule = {
  name: 'function-length',
  summary: `no function above ${LINES_MAX} lines, nested ones included; callbacks of describe and test count for themselves`,
  *check(repository) {
    for (const file of repository.code()) {
      const { program, lineAt } = repository.source(file);
      for (const node of functions(program)) {
        const first = lineAt(node.start);
        const lines = lineAt(node.end) - first + 1;
        if (lines <= LINES_MAX) continue;
        const own = lines - registeredLines(node, lineAt);
        if (own > LINES_MAX) yield { file, line: first, message: `${own} lines: the limit is ${LINES_MAX}` };
      }
    }
  },
};

function functions(program: SyntaxNode): readonly SyntaxNode[] {
  const found: SyntaxNode[] = [];
  walk(program, node => {
    if (FUNCTIONS.has(node.type)) found.push(node);
  });
  return found;
}

/** Lines of the calls directly or indirectly below `outer` that register tests, outermost ones only. */
function registeredLines(outer: SyntaxNode, lineAt: (offset: number) => number): number {
  let lines = 0;
  let end = -1;
  walk(outer, node => {
    if (node.start < end || !isRegistration(node)) return;
    end = node.end;
    lines += lineAt(node.end) - lineAt(node.start) + 1;
  });
  return lines;
}

/** `test('…', () => …)`, and `test.each(table)('…', () => …)`. */
function isRegistration(node: SyntaxNode): boolean {
  if (node.type !== 'CallExpression') return false;
  if (!childNodes(node, 'arguments').some(argument => FUNCTIONS.has(argument.type))) return false;
  let callee = childNode(node, 'callee');
  if (callee?.type === 'CallExpression') callee = childNode(callee, 'callee');
  if (callee?.type === 'TaggedTemplateExpression') callee = childNode(callee, 'tag');
  return REGISTRARS.has(memberPath(callee)?.[0] ?? '');
}
