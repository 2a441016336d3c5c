import type { Rule } from './rule.ts';
import {
  type SyntaxNode,
  childNode,
  childNodes,
  identifierName,
  memberPath,
  stringValue,
  walk,
} from './syntax.ts';

const REGISTRARS = new Set(['describe', 'suite', 'test', 'it', 'bench']);
const REASON = /\b(?:needs|requires|without|skipped|only)\b/i;

/** A test that does not run says so, and says why, each time the gate runs. */
export const switchedOffTests: Rule = {
  name: 'switched-off-tests',
  summary:
    'no .only and .todo; a skip gives its reason: ctx.skip(condition, reason), or a title with "needs …"',
  *check(repository) {
    for (const file of repository.code()) {
      if (!/\.test\.[a-z]+$|\/test\/|\/conformance\//.test(file)) continue;
      const { program, lineAt } = repository.source(file);
      const found: (readonly [SyntaxNode, string])[] = [];
      walk(program, (node, parent) => {
        const message = node.type === 'CallExpression' ? callFault(node, parent) : undefined;
        if (message !== undefined) found.push([node, message]);
      });
      for (const [node, message] of found) yield { file, line: lineAt(node.start), message };
    }
  },
};

function callFault(node: SyntaxNode, parent: SyntaxNode | undefined): string | undefined {
  const callee = childNode(node, 'callee');
  const path = memberPath(callee) ?? memberPath(childNode(callee, 'callee')) ?? [];
  const [root = '', ...modifiers] = path;
  if (!REGISTRARS.has(root)) return skipCallFault(node, callee);
  // `test.each(table)` and `test.skipIf(condition)` register nothing: the title is in the call around them.
  if (parent?.type === 'CallExpression' && childNode(parent, 'callee') === node) return undefined;
  if (modifiers.includes('only')) return `${path.join('.')} switches all other tests off`;
  if (modifiers.includes('todo')) return `${path.join('.')} is a test that is not there`;
  if (modifiers.includes('skip')) return titleFault(node, path);
  const conditional = modifiers.includes('skipIf') || modifiers.includes('runIf');
  return conditional ? titleFault(node, path) : undefined;
}

function titleFault(node: SyntaxNode, path: readonly string[]): string | undefined {
  const first = childNodes(node, 'arguments')[0];
  const quasis = childNodes(first, 'quasis').map(quasi => JSON.stringify(quasi['value']));
  const title = stringValue(first) ?? quasis.join(' ');
  return REASON.test(title)
    ? undefined
    : `${path.join('.')} gives no reason: use ctx.skip(condition, 'reason'), or say what the test needs in its title`;
}

/** `ctx.skip()` and `ctx.skip(!available)`: the second argument, or a single string, is the reason. */
function skipCallFault(node: SyntaxNode, callee: SyntaxNode | undefined): string | undefined {
  const isSkip = (memberPath(callee)?.at(-1) ?? identifierName(callee)) === 'skip';
  if (!isSkip) return undefined;
  const [first, second] = childNodes(node, 'arguments');
  if (second !== undefined) return undefined;
  const isCondition =
    first === undefined ||
    /^(?:Unary|Binary|Logical)Expression$/.test(first.type) ||
    typeof first['value'] === 'boolean';
  return isCondition ? 'skip() gives no reason: pass it as the last argument' : undefined;
}
