/** A node of the syntax tree (ESTree with TypeScript's nodes), read by key: rules look at few of its kinds. */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && typeof (value as SyntaxNode).type === 'string';
}

/** The child under `key` if it is a single node. */
export function childNode(node: SyntaxNode | undefined, key: string): SyntaxNode | undefined {
  const value = node?.[key];
  return isNode(value) ? value : undefined;
}

/** The children under `key` if it is a list of nodes; holes are left out. */
export function childNodes(node: SyntaxNode | undefined, key: string): readonly SyntaxNode[] {
  const value = node?.[key];
  return Array.isArray(value) ? value.filter(isNode) : [];
}

/** The name of an identifier, and nothing for any other node. */
export function identifierName(node: SyntaxNode | undefined): string | undefined {
  const name = node?.type === 'Identifier' ? node['name'] : undefined;
  return typeof name === 'string' ? name : undefined;
}

/** The value of a string literal, or of a template without substitutions. */
export function stringValue(node: SyntaxNode | undefined): string | undefined {
  if (node?.type === 'TemplateLiteral' && childNodes(node, 'expressions').length === 0) {
    const cooked = (childNodes(node, 'quasis')[0]?.['value'] as { cooked?: unknown } | undefined)?.cooked;
    return typeof cooked === 'string' ? cooked : undefined;
  }
  const value = node?.type === 'Literal' ? node['value'] : undefined;
  return typeof value === 'string' ? value : undefined;
}

/** `a.b.c` as `['a', 'b', 'c']` (also for `a?.b` and `a['b']`); nothing where a part is computed or a call. */
export function memberPath(node: SyntaxNode | undefined): readonly string[] | undefined {
  if (node === undefined) return undefined;
  if (node.type === 'ChainExpression') return memberPath(childNode(node, 'expression'));
  if (node.type === 'MetaProperty') return ['import', 'meta'];
  const name = identifierName(node);
  if (name !== undefined) return [name];
  if (node.type !== 'MemberExpression') return undefined;
  const object = memberPath(childNode(node, 'object'));
  const property = childNode(node, 'property');
  const key = node['computed'] === true ? stringValue(property) : identifierName(property);
  return object === undefined || key === undefined ? undefined : [...object, key];
}

/** Calls `visit` for `node` and everything below it, parents first; `key` is the parent's key that led here. */
export function walk(
  node: SyntaxNode,
  visit: (node: SyntaxNode, parent: SyntaxNode | undefined, key: string) => void,
  parent?: SyntaxNode,
  key = '',
): void {
  visit(node, parent, key);
  for (const childKey of Object.keys(node)) {
    const value = node[childKey];
    if (Array.isArray(value)) {
      for (const item of value) if (isNode(item)) walk(item, visit, node, childKey);
    } else if (isNode(value)) walk(value, visit, node, childKey);
  }
}
