/**
 * The `quorate` command as a function, and what its JSON looks like. Most people run the command instead.
 *
 * @packageDocumentation
 */
export type { Balance } from './analysis/balance.ts';
export type {
  AlgorithmReport,
  AnalyzeReport,
  ChangeReport,
  Load,
  MovementReport,
  ReplicaReport,
} from './analysis/report.ts';
export type { CommandIo } from './command-io.ts';
export type { DiffReport } from './commands/diff-report.ts';
export type { LocateReport } from './commands/locate.ts';
export type { Screen } from './output/paint.ts';
export { runQuorate } from './program.ts';
