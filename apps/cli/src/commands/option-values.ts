import { usageFailure } from '../failure.ts';
import { type FileNode, type NodesFile, readNodesFile } from '../input/nodes-file.ts';
import type { CommandIo } from '../command-io.ts';

/** A whole number from an option. @throws CommandFailure (usage) outside of `min` to `max` */
export function wholeNumber(option: string, text: string, min: number, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  const limit = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  throw usageFailure(`${option} must be a whole number ${limit}: received ${text}`);
}

/** How many owners a key has. @throws CommandFailure (usage) when there are fewer nodes */
export function replicaCount(text: string, nodes: readonly FileNode[]): number {
  const replicas = wholeNumber('--replicas', text, 1, Number.MAX_SAFE_INTEGER);
  if (replicas <= nodes.length) return replicas;
  throw usageFailure(`--replicas ${replicas}: the nodes file has only ${nodes.length} nodes`);
}

/** Reads a nodes file and warns of fields that mean nothing: one of them may be a misspelt weight. */
export async function loadNodes(io: CommandIo, file: string): Promise<readonly FileNode[]> {
  const { nodes, ignoredFields }: NodesFile = await readNodesFile(file);
  if (ignoredFields.length > 0) {
    const names = ignoredFields.map(name => JSON.stringify(name)).join(', ');
    io.stderr.write(`warning: ${file}: fields other than id, weight and zone are ignored: ${names}\n`);
  }
  return nodes;
}
