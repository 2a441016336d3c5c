import { parseSync } from 'rolldown/utils';
import { type SyntaxNode, childNode, childNodes, memberPath, stringValue, walk } from './syntax.ts';

/** How a module is named: by a value import, only for its types, or as a URL of a worker or asset. */
export type ImportKind = 'value' | 'type' | 'url';

export interface ModuleImport {
  readonly specifier: string;
  readonly kind: ImportKind;
  readonly line: number;
}

/** A parsed source file. Parsing is done once for all rules; see `Repository.source`. */
export interface Source {
  readonly program: SyntaxNode;
  readonly comments: readonly { readonly value: string; readonly start: number; readonly end: number }[];
  readonly imports: readonly ModuleImport[];
  /** The 1-based line of a character offset. */
  readonly lineAt: (offset: number) => number;
}

/**
 * Parses a TypeScript or JavaScript file with the parser that the test runner brings along.
 *
 * TypeScript 7 has no stable interface to its own parser yet.
 *
 * @throws SyntaxError with the file's name where the text does not parse.
 */
export function parseSource(file: string, text: string): Source {
  const result = parseSync(file, text, {});
  const fault = result.errors.find(error => error.severity === 'Error');
  if (fault !== undefined) throw new SyntaxError(`${file} does not parse: ${fault.message}`);
  const program = result.program as unknown as SyntaxNode;
  const lineAt = lineFinder(text);
  return { program, comments: result.comments, imports: [...findImports(program, lineAt)], lineAt };
}

function lineFinder(text: string): (offset: number) => number {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return offset => {
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}

function findImports(program: SyntaxNode, lineAt: (offset: number) => number): readonly ModuleImport[] {
  const found: ModuleImport[] = [];
  walk(program, node => {
    const named = namedModule(node);
    const specifier = stringValue(named?.specifier);
    if (named !== undefined && specifier !== undefined) {
      found.push({ specifier, kind: named.kind, line: lineAt(node.start) });
    }
  });
  return found;
}

function namedModule(node: SyntaxNode): { specifier: SyntaxNode | undefined; kind: ImportKind } | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
      return { specifier: childNode(node, 'source'), kind: node['importKind'] === 'type' ? 'type' : 'value' };
    case 'ExportAllDeclaration':
    case 'ExportNamedDeclaration':
      return { specifier: childNode(node, 'source'), kind: node['exportKind'] === 'type' ? 'type' : 'value' };
    case 'ImportExpression':
      return { specifier: childNode(node, 'source'), kind: 'value' };
    case 'TSImportType':
      return { specifier: childNode(node, 'source'), kind: 'type' };
    case 'TSExternalModuleReference':
      return { specifier: childNode(node, 'expression'), kind: 'value' };
    case 'CallExpression':
      return namedByCall(node);
    case 'NewExpression':
      return namedByUrl(node);
    default:
      return undefined;
  }
}

/** `require('x')` and `import.meta.resolve('x')`. */
function namedByCall(node: SyntaxNode): { specifier: SyntaxNode | undefined; kind: ImportKind } | undefined {
  const callee = memberPath(childNode(node, 'callee'))?.join('.');
  const specifier = childNodes(node, 'arguments')[0];
  if (callee === 'require' || callee === 'require.resolve') return { specifier, kind: 'value' };
  return callee === 'import.meta.resolve' ? { specifier, kind: 'url' } : undefined;
}

/** `new URL('./worker.ts', import.meta.url)`. */
function namedByUrl(node: SyntaxNode): { specifier: SyntaxNode | undefined; kind: ImportKind } | undefined {
  const [specifier, base] = childNodes(node, 'arguments');
  const isModuleUrl = memberPath(childNode(node, 'callee'))?.join('.') === 'URL';
  return isModuleUrl && memberPath(base)?.join('.') === 'import.meta.url'
    ? { specifier, kind: 'url' }
    : undefined;
}
