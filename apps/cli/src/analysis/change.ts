import type { FileNode } from '../input/nodes-file.ts';
import { usageFailure } from '../failure.ts';
import { minimumMoved } from './fair-shares.ts';

/** A change of membership to be analysed. */
export interface Change {
  /** For people: `node "n6" joins`. */
  readonly label: string;
  readonly add: readonly FileNode[];
  readonly remove: readonly string[];
  /** The members afterwards. */
  readonly after: readonly FileNode[];
  /** The smallest fraction of the keys that any hash can move, by weights. */
  readonly minimum: number;
}

/** What the command line says about changes. */
export interface ChangeOptions {
  readonly add: readonly FileNode[];
  readonly remove: readonly string[];
  /** All of it is one change, not one for each. */
  readonly together: boolean;
}

/**
 * The changes to analyse: each node of `add` joining and each of `remove` leaving, or all at once.
 *
 * Where the user names none: a node of average weight joins, and the last node of the file that has a weight leaves (the last,
 * because jump hashes can lose no other).
 *
 * @throws CommandFailure (usage) on an id to add that is there, an id to remove that is not, or a change that leaves no weight
 */
export function changesOf(nodes: readonly FileNode[], options: ChangeOptions): Change[] {
  const { add, remove, together } = options;
  checkIds(nodes, add, remove);
  if (add.length + remove.length === 0) return [joinOfAverage(nodes), ...leaveOfLast(nodes)];
  if (together) return [changeOf(nodes, add, remove)];
  return [...add.map(node => changeOf(nodes, [node], [])), ...remove.map(id => changeOf(nodes, [], [id]))];
}

function changeOf(nodes: readonly FileNode[], add: readonly FileNode[], remove: readonly string[]): Change {
  const after = [...nodes.filter(node => !remove.includes(node.id)), ...add];
  if (!after.some(node => node.weight > 0)) {
    throw usageFailure(`Without ${list(remove)} no node with a weight above 0 is left`);
  }
  const parts = [
    ...(add.length === 0 ? [] : [`${list(add.map(described))} ${add.length === 1 ? 'joins' : 'join'}`]),
    ...(remove.length === 0
      ? []
      : [`${list(remove.map(quoted))} ${remove.length === 1 ? 'leaves' : 'leave'}`]),
  ];
  return { label: parts.join(', '), add, remove, after, minimum: minimumMoved(nodes, after) };
}

function checkIds(nodes: readonly FileNode[], add: readonly FileNode[], remove: readonly string[]): void {
  const ids = new Set(nodes.map(node => node.id));
  for (const id of remove) {
    if (ids.has(id)) continue;
    const known = nodes.length > 12 ? `one of ${nodes.length} ids` : list([...ids].map(quoted));
    throw usageFailure(`--remove ${id}: there is no such node (the nodes file has ${known})`);
  }
  for (const { id } of add) {
    if (ids.has(id)) throw usageFailure(`--add ${id}: the nodes file has this node already`);
    ids.add(id);
  }
  if (new Set(remove).size !== remove.length) throw usageFailure('--remove names a node twice');
}

function joinOfAverage(nodes: readonly FileNode[]): Change {
  const weighed = nodes.filter(node => node.weight > 0);
  const [first = 1, ...others] = weighed.map(node => node.weight);
  // A sum of fractions would make 0.9999999 of equal weights, and that is another weight.
  const average = weighed.reduce((sum, node) => sum + node.weight / weighed.length, 0);
  const weight = others.every(other => other === first) ? first : Number(average.toPrecision(6));
  const ids = new Set(nodes.map(node => node.id));
  let id = 'new-node';
  for (let number = 2; ids.has(id); number++) id = `new-node-${number}`;
  return changeOf(nodes, [{ id, weight, zone: undefined }], []);
}

function leaveOfLast(nodes: readonly FileNode[]): Change[] {
  const weighed = nodes.filter(node => node.weight > 0);
  const last = weighed.at(-1);
  return weighed.length < 2 || last === undefined ? [] : [changeOf(nodes, [], [last.id])];
}

function described(node: FileNode): string {
  return node.weight === 1
    ? quoted(node.id)
    : `${quoted(node.id)} (weight ${Number(node.weight.toPrecision(6))})`;
}

function quoted(id: string): string {
  return JSON.stringify(id);
}

function list(items: readonly string[]): string {
  return items.length < 2 ? items.join() : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}
