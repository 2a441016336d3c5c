import type { Ring } from '@quorate/ring';
import type { Command } from 'commander';
import { type AlgorithmSpec, parseAlgorithms } from '../analysis/algorithm-spec.ts';
import { buildRing, refusalOf } from '../analysis/contender.ts';
import { type CommandIo, printJson, printLines } from '../command-io.ts';
import { CommandFailure } from '../failure.ts';
import { exitCodesHelp, nodesFileHelp, withExamples } from '../help-text.ts';
import type { FileNode } from '../input/nodes-file.ts';
import { paintFor } from '../output/paint.ts';
import { tableLines } from '../output/table.ts';
import { checkAlgorithmOptions } from './check-algorithm-options.ts';
import { loadNodes, replicaCount } from './option-values.ts';

/** What `quorate ring locate --json` prints: one entry for each key and algorithm, in the order of the command line. */
export interface LocateReport {
  readonly schema: 'quorate-ring-locate/1';
  readonly keys: readonly {
    readonly key: string;
    readonly algorithm: string;
    readonly owner: string;
    /** As many as `--replicas`, the owner first. Fewer where fewer nodes have a weight above 0. */
    readonly owners: readonly string[];
    /** The key's place in the algorithm's own space, in decimal: 64 bits do not fit a JSON number. */
    readonly hash: string;
  }[];
}

interface LocateOptions {
  readonly nodes: string;
  readonly algorithm: string;
  readonly replicas: string;
  readonly spreadZones?: true;
  readonly json?: true;
}

/** Adds `quorate ring locate`. */
export function addLocate(ring: Command, io: CommandIo): void {
  const command = ring
    .command('locate')
    .summary('who owns a key')
    .description('Says which node owns each key.')
    .argument('<key...>', 'keys, as text')
    .requiredOption('-n, --nodes <file>', 'the nodes, as JSON')
    .option('-a, --algorithm <list>', 'algorithms, with options: ring,ketama:variant=libmemcached', 'ring')
    .option('-r, --replicas <count>', 'owners of each key', '1')
    .option('--spread-zones', 'owners in as many zones as there are')
    .option('--json', 'print JSON')
    .action((keys: readonly string[], options: LocateOptions) => locate(keys, options, io));
  withExamples(command, [
    ['The owner of a key', 'quorate ring locate --nodes nodes.json user:42'],
    [
      'Three owners in different zones',
      'quorate ring locate -n nodes.json --replicas 3 --spread-zones user:42',
    ],
    [
      "What libketama's and our ring say",
      'quorate ring locate -n nodes.json --algorithm ketama,ring user:42 user:43',
    ],
  ]);
  command.addHelpText('after', nodesFileHelp + exitCodesHelp);
}

async function locate(keys: readonly string[], options: LocateOptions, io: CommandIo): Promise<void> {
  const specs = parseAlgorithms(options.algorithm);
  checkAlgorithmOptions(specs);
  const nodes = await loadNodes(io, options.nodes);
  const n = replicaCount(options.replicas, nodes);
  const rings = specs.map(spec => [spec, ringOf(spec, nodes)] as const);
  const spread = options.spreadZones ? 'zone' : undefined;
  const report: LocateReport = {
    schema: 'quorate-ring-locate/1',
    keys: keys.flatMap(key =>
      rings.map(([{ label }, ring]) => ({
        key,
        algorithm: label,
        owner: ring.get(key),
        owners: ring.pick(key, { n, spread }),
        hash: String(ring.hash(key)),
      })),
    ),
  };
  if (options.json) printJson(io, report);
  else printLines(io, locateLines(report, n > 1, paintFor(io.stdout, io.environment).dim));
}

function ringOf(spec: AlgorithmSpec, nodes: readonly FileNode[]): Ring {
  try {
    return buildRing(spec, nodes);
  } catch (error) {
    throw new CommandFailure(`${spec.label} does not fit these nodes: ${refusalOf(error)}`);
  }
}

function locateLines({ keys }: LocateReport, several: boolean, heading: (text: string) => string): string[] {
  const columns = [
    { title: 'key', align: 'left' },
    { title: 'algorithm', align: 'left' },
    { title: several ? 'owners' : 'owner', align: 'left' },
    { title: 'hash', align: 'right' },
  ] as const;
  const rows = keys.map(({ key, algorithm, owners, hash }) => [key, algorithm, owners.join(', '), hash]);
  return tableLines(columns, rows, heading);
}
