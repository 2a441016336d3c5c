import { CommandFailure, usageFailure } from '../failure.ts';
import { type FileNode, parseNodes } from './nodes-file.ts';

/**
 * The node that `--add` describes: `id`, `id:weight`, `id:weight:zone`, or the same as JSON, `{"id": …, "weight": …, "zone": …}`.
 *
 * Ids such as `10.0.0.1:11211` hold the separator, and a port read as a weight would give a wrong answer that looks right. So
 * where an id of the nodes file has a colon, only the JSON form may have one.
 *
 * @throws CommandFailure (usage) that names the argument
 */
export function parseNodeArgument(argument: string, nodes: readonly FileNode[]): FileNode {
  if (argument.trimStart().startsWith('{')) return parseJson(argument);
  const [id = '', weight, zone, ...rest] = argument.split(':');
  if (weight !== undefined && nodes.some(node => node.id.includes(':'))) {
    const example = JSON.stringify({ id: argument });
    throw usageFailure(
      `--add ${argument}: ids in your nodes file hold colons, so write JSON: --add '${example}'`,
    );
  }
  if (rest.length > 0) throw usageFailure(`--add ${argument}: expected id[:weight[:zone]] or JSON`);
  if (id === '' || !id.isWellFormed()) throw usageFailure(`--add ${argument}: the id must not be empty`);
  return { id, weight: weightOf(weight, argument), zone: zone === '' ? undefined : zone };
}

function weightOf(text: string | undefined, argument: string): number {
  if (text === undefined || text === '') return 1;
  const weight = /^\s*$/.test(text) ? Number.NaN : Number(text);
  if (weight >= 0 && weight < Infinity) return weight + 0;
  throw usageFailure(`--add ${argument}: the weight must be a finite number of at least 0: received ${text}`);
}

function parseJson(argument: string): FileNode {
  try {
    const [node] = parseNodes(`[${argument}]`, '--add').nodes;
    return node as FileNode;
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    throw usageFailure(`--add ${argument}: ${error.message.replace(/^--add:\d+:\d+: /, '')}`);
  }
}
