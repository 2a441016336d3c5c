import type { Command } from 'commander';
import { allAlgorithms, type AlgorithmSpec, parseAlgorithms } from '../analysis/algorithm-spec.ts';
import { Analysis } from '../analysis/analysis.ts';
import { changesOf } from '../analysis/change.ts';
import { reportOf } from '../analysis/report.ts';
import { type CommandIo, printJson, printLines } from '../command-io.ts';
import { CommandFailure, usageFailure } from '../failure.ts';
import { exitCodesHelp, nodesFileHelp, withExamples } from '../help-text.ts';
import { checkHtmlFile, writeHtmlFile } from '../html/html-file.ts';
import { analyzePage } from '../html/analyze-page.ts';
import { parseNodeArgument } from '../input/node-argument.ts';
import { checkKeySource, type KeySource, readKeys } from '../input/read-keys.ts';
import { analyzeLines } from '../output/analyze-text.ts';
import { paintFor } from '../output/paint.ts';
import { Progress } from '../output/progress.ts';
import { checkAlgorithmOptions } from './check-algorithm-options.ts';
import { loadNodes, replicaCount } from './option-values.ts';

interface AnalyzeOptions {
  readonly nodes: string;
  readonly keys?: string;
  readonly null?: true;
  readonly algorithm?: string;
  readonly add?: readonly string[];
  readonly remove?: readonly string[];
  readonly together?: true;
  readonly replicas: string;
  readonly countDuplicates?: true;
  readonly assumeDistinct?: true;
  readonly json?: true;
  readonly html?: string;
}

/** Adds `quorate ring analyze`. */
export function addAnalyze(ring: Command, io: CommandIo): void {
  const collect = (value: string, previous: readonly string[] = []): string[] => [...previous, value];
  const command = ring
    .command('analyze')
    .summary('balance of your keys, and what moves when nodes change')
    .description(
      'Shows how your own keys spread over your nodes, and what moves when a node joins or leaves.',
    )
    .requiredOption('-n, --nodes <file>', 'the nodes, as JSON')
    .option('-k, --keys <file>', 'the keys, one per line, instead of stdin')
    .option('-0, --null', 'keys end with NUL instead of a line feed')
    .option('-a, --algorithm <list>', 'only these, with options: ring,ring:vnodes=40,maglev')
    .option('--add <id[:weight[:zone]]>', 'analyse this node joining (repeatable; may be JSON)', collect)
    .option('--remove <id>', 'analyse this node leaving (repeatable)', collect)
    .option('--together', 'all --add and --remove are one change, not one each')
    .option('-r, --replicas <count>', 'owners of each key', '1')
    .option('--count-duplicates', 'keys that come again count as requests')
    .option('--assume-distinct', 'no key comes twice: no memory is spent on telling')
    .option('--json', 'print JSON')
    .option('--html <file>', 'also write a page with pictures')
    .action((options: AnalyzeOptions) => analyze(options, io));
  withExamples(command, [
    ['Every algorithm on your keys', 'quorate ring analyze --nodes nodes.json < keys.txt'],
    [
      'Requests of a log, with pictures',
      'cut -f3 log | quorate ring analyze -n nodes.json --count-duplicates --html report.html',
    ],
    [
      'A node of double weight joins, another leaves',
      'quorate ring analyze -n nodes.json -k keys.txt --add n9:2 --remove n3',
    ],
  ]);
  command.addHelpText('after', nodesFileHelp + exitCodesHelp);
}

async function analyze(options: AnalyzeOptions, io: CommandIo): Promise<void> {
  const specs = options.algorithm === undefined ? allAlgorithms() : parseAlgorithms(options.algorithm);
  if (options.countDuplicates && options.assumeDistinct) {
    throw usageFailure('--count-duplicates and --assume-distinct exclude each other');
  }
  checkAlgorithmOptions(specs);
  const nodes = await loadNodes(io, options.nodes);
  const changes = changesOf(nodes, {
    add: (options.add ?? []).map(argument => parseNodeArgument(argument, nodes)),
    remove: options.remove ?? [],
    together: options.together === true,
  });
  const source: KeySource = {
    file: options.keys,
    stdin: io.stdin,
    separator: options.null ? 'null' : 'line',
  };
  const { bytes } = await checkKeySource(source);
  if (options.html !== undefined) await checkHtmlFile(options.html);
  const analysis = new Analysis({
    nodes,
    algorithms: specs,
    changes,
    replicas: replicaCount(options.replicas, nodes),
    countDuplicates: options.countDuplicates === true,
    assumeDistinct: options.assumeDistinct === true,
  });
  refuseNothingFits(analysis, specs);
  const report = reportOf(analysis, await count(analysis, source, bytes, io));
  if (options.html !== undefined) await writeHtmlFile(options.html, analyzePage(report, analysis));
  if (options.json) printJson(io, report);
  else printLines(io, analyzeLines(report, paintFor(io.stdout, io.environment)));
  hint(options, io);
}

/** Reads all keys. @returns how many entries were empty */
async function count(
  analysis: Analysis,
  source: KeySource,
  bytes: number | undefined,
  io: CommandIo,
): Promise<number> {
  using progress = new Progress(io.stderr, io.clock, bytes);
  const { empty } = await readKeys(
    source,
    key => analysis.add(key),
    (read, keys) => progress.update(read, keys),
  );
  return empty;
}

function refuseNothingFits(analysis: Analysis, specs: readonly AlgorithmSpec[]): void {
  if (analysis.contenders.length > 0) return;
  const reasons = analysis.leftOut.map(({ spec, reason }) => `  ${spec.label}: ${reason}`);
  const which = specs.length === 1 ? 'The algorithm does not fit' : 'None of the algorithms fits';
  throw new CommandFailure(`${which} these nodes\n${reasons.join('\n')}`);
}

/** Says what to try next, to people only. */
function hint(options: AnalyzeOptions, io: CommandIo): void {
  if (io.stderr.isTTY !== true || io.stdout.isTTY !== true) return;
  const text =
    options.html === undefined ? 'Pictures of this: add --html report.html' : `Pictures: ${options.html}`;
  io.stderr.write(`\n${paintFor(io.stderr, io.environment).dim(text)}\n`);
}
