import type { Ring } from '@quorate/ring';
import type { Command } from 'commander';
import { type AlgorithmSpec, parseAlgorithms } from '../analysis/algorithm-spec.ts';
import { buildRing, refusalOf } from '../analysis/contender.ts';
import { type CommandIo, printJson, printLines } from '../command-io.ts';
import { CommandFailure, usageFailure } from '../failure.ts';
import { exitCodesHelp, nodesFileHelp, withExamples } from '../help-text.ts';
import { diffLines } from '../output/diff-text.ts';
import { paintFor } from '../output/paint.ts';
import { checkAlgorithmOptions } from './check-algorithm-options.ts';
import { type DiffReport, diffReportOf } from './diff-report.ts';
import { loadNodes, replicaCount, wholeNumber } from './option-values.ts';

interface DiffOptions {
  readonly from: string;
  readonly to: string;
  readonly algorithm: string;
  readonly replicas: string;
  readonly limit: string;
  readonly json?: true;
}

/** Adds `quorate ring diff`. */
export function addDiff(ring: Command, io: CommandIo): void {
  const command = ring
    .command('diff')
    .summary('which ranges move between two lists of nodes')
    .description(
      'Compares the rings of two lists of nodes: which ranges of the hash space move, from whom to whom.',
    )
    .requiredOption('--from <file>', 'the nodes before, as JSON')
    .requiredOption('--to <file>', 'the nodes after, as JSON')
    .option('-a, --algorithm <name>', 'the algorithm, with options: ring:vnodes=40', 'ring')
    .option('-r, --replicas <count>', 'owners of each key', '1')
    .option('--limit <count>', 'the most ranges to print; JSON has all', '20')
    .option('--json', 'print JSON')
    .action((options: DiffOptions) => diff(options, io));
  withExamples(command, [
    ['What a new list of nodes moves', 'quorate ring diff --from old.json --to new.json'],
    [
      'All moved ranges, for a program',
      'quorate ring diff --from old.json --to new.json --replicas 3 --json',
    ],
  ]);
  command.addHelpText('after', nodesFileHelp + exitCodesHelp);
}

async function diff(options: DiffOptions, io: CommandIo): Promise<void> {
  const specs = parseAlgorithms(options.algorithm);
  const [spec] = specs;
  if (spec === undefined || specs.length > 1) throw usageFailure('--algorithm takes one algorithm here');
  checkAlgorithmOptions(specs);
  const limit = wholeNumber('--limit', options.limit, 0, Number.MAX_SAFE_INTEGER);
  const [from, to] = [await loadNodes(io, options.from), await loadNodes(io, options.to)];
  const replicas = replicaCount(options.replicas, from.length < to.length ? from : to);
  const before = refusing(spec, options.from, () => buildRing(spec, from));
  const after = refusing(spec, options.to, () => buildRing(spec, to));
  const report = compare(spec, before, after, replicas);
  if (options.json) printJson(io, report);
  else printLines(io, diffLines(report, limit, paintFor(io.stdout, io.environment)));
}

function refusing(spec: AlgorithmSpec, file: string, build: () => Ring): Ring {
  try {
    return build();
  } catch (error) {
    throw new CommandFailure(`${file}: ${spec.label} does not fit these nodes: ${refusalOf(error)}`);
  }
}

function compare(spec: AlgorithmSpec, before: Ring, after: Ring, replicas: number): DiffReport {
  try {
    return diffReportOf(spec, before, after, replicas);
  } catch (error) {
    throw new CommandFailure(`The two rings cannot be compared: ${refusalOf(error)}`);
  }
}
