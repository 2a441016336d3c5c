import { isTestFile } from './imports.ts';
import type { Rule } from './rule.ts';
import { type SyntaxNode, childNode, childNodes, identifierName, memberPath, walk } from './syntax.ts';

/** Globals that read the real clock, wait on it, or draw real randomness. */
const GLOBALS = new Set(['Date', 'performance', 'setTimeout', 'setInterval', 'setImmediate']);
const MEMBERS = new Set(['Math.random', 'process.env', 'process.hrtime', 'process.uptime']);
const RANDOM = /^(?:random|getRandomValues|pseudoRandom)/;
const MODULES = /^(?:node:)?(?:timers|timers\/promises|perf_hooks)$/;
const ADVICE = 'take a Clock or a Random, or move it to src/host';

/** Ambient time, randomness and environment would make the simulator's runs differ. */
export const ambient: Rule = {
  name: 'ambient',
  summary: 'no ambient time, randomness or environment in packages, outside core/src/system.ts and src/host',
  *check(repository) {
    for (const { folder } of repository.workspace) {
      if (!folder.startsWith('packages/')) continue;
      for (const file of repository.code(`${folder}/src`)) {
        if (isTestFile(file, folder) || isExempt(file)) continue;
        const { program, imports, lineAt } = repository.source(file);
        for (const found of imports) {
          if (!MODULES.test(found.specifier) || found.kind === 'type') continue;
          yield { file, line: found.line, message: `"${found.specifier}" is ambient: ${ADVICE}` };
        }
        for (const [node, name] of ambientUses(program)) {
          yield { file, line: lineAt(node.start), message: `${name} is ambient: ${ADVICE}` };
        }
      }
    }
  },
};

function isExempt(file: string): boolean {
  return file === 'packages/core/src/system.ts' || /\/src\/(?:.*\/)?host\//.test(file);
}

function ambientUses(program: SyntaxNode): readonly (readonly [SyntaxNode, string])[] {
  const found: (readonly [SyntaxNode, string])[] = [];
  const declared = declaredNames(program);
  walk(program, (node, parent, key) => {
    for (const name of ambientNames(node, parent, key, declared)) found.push([node, name]);
  });
  return found;
}

function* ambientNames(
  node: SyntaxNode,
  parent: SyntaxNode | undefined,
  key: string,
  declared: ReadonlySet<string>,
): Iterable<string> {
  const name = identifierName(node);
  if (name !== undefined) {
    if (GLOBALS.has(name) && !declared.has(name) && isReference(parent, key)) yield name;
  } else if (node.type === 'MemberExpression') {
    const [first = '', second, third] = (memberPath(node) ?? []).filter(part => part !== 'globalThis');
    if (second === undefined) {
      if (GLOBALS.has(first)) yield first;
    } else if (third === undefined && isAmbientMember(first, second)) yield `${first}.${second}`;
  } else if (node.type === 'ImportDeclaration') {
    const module = String(childNode(node, 'source')?.['value']).replace(/^node:/, '');
    yield* memberNames(module, childNodes(node, 'specifiers'), 'imported');
  } else if (node.type === 'VariableDeclarator' && childNode(node, 'id')?.type === 'ObjectPattern') {
    const object = memberPath(childNode(node, 'init'))?.at(-1) ?? '';
    yield* memberNames(object, childNodes(childNode(node, 'id'), 'properties'), 'key');
  }
}

/** `import { randomUUID } from 'node:crypto'` and `const { env } = process`. */
function* memberNames(object: string, names: readonly SyntaxNode[], key: string): Iterable<string> {
  for (const node of names) {
    const name = identifierName(childNode(node, key)) ?? '';
    if (isAmbientMember(object, name)) yield `${object}.${name}`;
  }
}

function isAmbientMember(object: string, name: string): boolean {
  return MEMBERS.has(`${object}.${name}`) || (/crypto$/i.test(object) && RANDOM.test(name));
}

/** Whether an identifier is read, rather than a key, a property's name, a type or a declaration. */
function isReference(parent: SyntaxNode | undefined, key: string): boolean {
  if (parent === undefined) return false;
  if (parent.type.startsWith('TS')) return /^TS(?:As|NonNull|Satisfies)Expression$/.test(parent.type);
  if (key === 'property' || key === 'key') return parent['computed'] === true;
  return !/Specifier$|^LabeledStatement$/.test(parent.type);
}

/** Names that this file binds itself, wherever: a parameter called `performance` is a choice, not the clock. */
function declaredNames(program: SyntaxNode): ReadonlySet<string> {
  const names = new Set<string>();
  const add = (node: SyntaxNode | undefined): void => {
    const target = node?.type === 'AssignmentPattern' ? childNode(node, 'left') : node;
    const name = identifierName(target);
    if (name !== undefined) names.add(name);
  };
  walk(program, node => {
    if (node.type === 'VariableDeclarator' || node.type === 'FunctionDeclaration') add(childNode(node, 'id'));
    if (/^Import.*Specifier$/.test(node.type)) add(childNode(node, 'local'));
    if (!node.type.startsWith('TS')) for (const parameter of childNodes(node, 'params')) add(parameter);
  });
  return names;
}
