import type { Rule } from './rule.ts';
import { type SyntaxNode, memberPath, walk } from './syntax.ts';

/** On Node 24 the abort can be lost after a collection; on Node 22 it can stall the event loop for seconds. */
const BANNED = new Set(['AbortSignal.any', 'AbortSignal.timeout']);

export const abortSignal: Rule = {
  name: 'abort-signal',
  summary: 'no AbortSignal.any() or AbortSignal.timeout() in packages: core has linkSignal',
  *check(repository) {
    for (const file of repository.code('packages')) {
      if (!/^packages\/[^/]+\/src\//.test(file)) continue;
      const { program, lineAt } = repository.source(file);
      const found: (readonly [SyntaxNode, string])[] = [];
      walk(program, node => {
        if (node.type !== 'MemberExpression') return;
        const name = memberPath(node)?.slice(-2).join('.') ?? '';
        if (BANNED.has(name)) found.push([node, name]);
      });
      for (const [node, name] of found) {
        yield {
          file,
          line: lineAt(node.start),
          message: `${name} loses aborts and stalls: use linkSignal of core`,
        };
      }
    }
  },
};
