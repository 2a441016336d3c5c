import { readFile } from 'node:fs/promises';
import { CommandFailure, fileFailure } from '../failure.ts';
import {
  JsonError,
  type JsonMember,
  type JsonNode,
  lineAndColumn,
  parsePositioned,
} from './positioned-json.ts';

/** A node as the user's file describes it. */
export interface FileNode {
  readonly id: string;
  readonly weight: number;
  readonly zone: string | undefined;
}

/** What a nodes file holds. */
export interface NodesFile {
  /** In the order of the file. At least one, and at least one with a weight above 0. */
  readonly nodes: readonly FileNode[];
  /** Names of fields that mean nothing here, each once. */
  readonly ignoredFields: readonly string[];
}

const fileBytesMax = 64 * 1024 * 1024;
const fields = ['id', 'weight', 'zone'];

/**
 * Reads the nodes of a ring from a JSON file: an array of ids, an array of `{ id, weight, zone }`, or a map from id to
 * weight (or to `{ weight, zone }`).
 *
 * @throws CommandFailure that names the file, line, column and value of the first thing that is wrong
 */
export async function readNodesFile(file: string): Promise<NodesFile> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    throw fileFailure('Cannot read the nodes in', file, cause);
  }
  if (bytes.length > fileBytesMax) {
    throw new CommandFailure(`${file}: a nodes file may have ${fileBytesMax} bytes: it has ${bytes.length}`);
  }
  let text: string;
  try {
    // The decoder drops a byte order mark.
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new CommandFailure(`${file}: the file is not UTF-8`, { cause });
  }
  const parsed = parseNodes(text, file);
  if (parsed.nodes.every(({ weight }) => weight === 0)) {
    throw new CommandFailure(`${file}: every node has weight 0, so no key has an owner`);
  }
  return parsed;
}

/** As {@link readNodesFile}, from a text that may hold weights of 0 alone; `file` is what messages call it. @throws CommandFailure */
export function parseNodes(text: string, file: string): NodesFile {
  try {
    return collect(parsePositioned(text));
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    const { line, column } = lineAndColumn(text, error.offset);
    throw new CommandFailure(`${file}:${line}:${column}: ${error.message}`, { cause: error });
  }
}

interface Draft {
  id: string;
  idOffset: number;
  weight: number;
  zone: string | undefined;
}

function collect(root: JsonNode): NodesFile {
  const ignored = new Set<string>();
  if (root.kind === 'scalar') {
    throw new JsonError(`nodes must be an array or an object: found ${shown(root)}`, root.offset);
  }
  const drafts =
    root.kind === 'array'
      ? root.items.map((item, position) => ofItem(item, position, ignored))
      : root.members.map(member => ofMember(member, ignored));
  if (drafts.length === 0) throw new JsonError('there is no node in the list', root.offset);
  const seen = new Set<string>();
  for (const { id, idOffset } of drafts) {
    if (seen.has(id)) throw new JsonError(`node ${JSON.stringify(id)} is there twice`, idOffset);
    seen.add(id);
  }
  return {
    nodes: drafts.map(({ id, weight, zone }) => ({ id, weight, zone })),
    ignoredFields: [...ignored],
  };
}

function ofItem(item: JsonNode, position: number, ignored: Set<string>): Draft {
  if (item.kind === 'object') {
    const id = item.members.findLast(({ key }) => key === 'id');
    if (id === undefined) throw new JsonError(`node ${position} has no "id"`, item.offset);
    return withFields(idOf(id.node), item.members, ignored);
  }
  return idOf(item);
}

function ofMember({ key, offset, node }: JsonMember, ignored: Set<string>): Draft {
  const draft: Draft = { id: checkedId(key, offset), idOffset: offset, weight: 1, zone: undefined };
  if (node.kind === 'object') return withFields(draft, node.members, ignored);
  return { ...draft, weight: weightOf(key, node) };
}

function withFields(draft: Draft, members: readonly JsonMember[], ignored: Set<string>): Draft {
  const seen = new Set<string>();
  for (const { key, offset, node } of members) {
    if (!fields.includes(key)) ignored.add(key);
    else if (seen.has(key)) throw new JsonError(`"${key}" is given twice`, offset);
    seen.add(key);
    if (key === 'weight') draft.weight = weightOf(draft.id, node);
    if (key === 'zone') draft.zone = zoneOf(draft.id, node);
  }
  return draft;
}

function idOf(node: JsonNode): Draft {
  if (node.kind !== 'scalar' || typeof node.value !== 'string') {
    throw new JsonError(`a node's id must be a string: found ${shown(node)}`, node.offset);
  }
  const id = checkedId(node.value, node.offset);
  return { id, idOffset: node.offset, weight: 1, zone: undefined };
}

function checkedId(id: string, offset: number): string {
  if (id === '') throw new JsonError("a node's id must not be empty", offset);
  if (!id.isWellFormed()) {
    throw new JsonError(`a node's id must be well-formed Unicode: found ${JSON.stringify(id)}`, offset);
  }
  return id;
}

function weightOf(id: string, node: JsonNode): number {
  const value = node.kind === 'scalar' ? node.value : undefined;
  if (typeof value === 'number' && value >= 0 && value < Infinity) return value + 0;
  const rule = `the weight of node ${JSON.stringify(id)} must be a finite number of at least 0`;
  throw new JsonError(`${rule}: found ${shown(node)}`, node.offset);
}

/** `null` is how many programs write that there is none. */
function zoneOf(id: string, node: JsonNode): string | undefined {
  const value = node.kind === 'scalar' ? node.value : 0;
  if (value === null) return undefined;
  if (typeof value === 'string') return value;
  throw new JsonError(
    `the zone of node ${JSON.stringify(id)} must be a string: found ${shown(node)}`,
    node.offset,
  );
}

function shown(node: JsonNode): string {
  if (node.kind !== 'scalar') return node.kind === 'array' ? 'an array' : 'an object';
  return node.source.length > 60 ? `${node.source.slice(0, 60)}…` : node.source;
}
