import { errorCode } from '@quorate/core';
import type { Command } from 'commander';
import type { CommandIo } from '../command-io.ts';
import { CommandFailure, usageFailure } from '../failure.ts';
import { exitCodesHelp, withExamples } from '../help-text.ts';
import type { Application, Work } from '../worker/application.ts';
import { loadApplications } from '../worker/load-applications.ts';
import { textOf, WorkerLines } from '../worker/worker-lines.ts';
import { wholeNumber } from './option-values.ts';

interface WorkerOptions {
  readonly export: string;
  readonly concurrency: string;
  readonly queues?: string;
  readonly drainMs: string;
  readonly leaseMs: string;
  readonly json?: true;
}

/** Between two warnings about the store. */
const warningRestMs = 5000;

/** Adds `quorate worker`. */
export function addWorker(program: Command, io: CommandIo): void {
  const command = program
    .command('worker')
    .summary('run the tasks of a module')
    .description(
      'Runs the tasks that a module creates with createTasks of @quorate/queue, until it is told to end.',
    )
    .argument('<file>', 'a module whose default export createTasks gave, or an array of such')
    .option('-e, --export <name>', 'another export of it', 'default')
    .option('-c, --concurrency <count>', 'tasks at a time, of each application', '10')
    .option('-q, --queues <list>', 'only the applications of these names: mail,reports')
    .option('--drain-ms <ms>', 'how long tasks may go on after SIGTERM or Ctrl-C', '25000')
    .option('--lease-ms <ms>', 'how soon others get the tasks of a worker of which nothing is heard', '30000')
    .option('--json', 'a line of JSON for each event')
    .action((file: string, options: WorkerOptions) => work(file, options, io));
  withExamples(command, [
    ['Run the tasks of a module', 'quorate worker ./tasks.ts'],
    ['Fifty at a time, of one application of it', 'quorate worker ./tasks.ts --concurrency 50 --queues mail'],
    ['For a log that a program reads', 'quorate worker ./tasks.js --json'],
  ]);
  command.addHelpText(
    'after',
    `
SIGTERM or Ctrl-C: no more tasks are taken, what runs may end within --drain-ms; what does not is given back.
A second one gives back at once. The module may export a function close(), which is called in the end.
${exitCodesHelp}`,
  );
}

async function work(file: string, options: WorkerOptions, io: CommandIo): Promise<void> {
  const concurrency = wholeNumber('--concurrency', options.concurrency, 1, 10_000);
  const drainMs = wholeNumber('--drain-ms', options.drainMs, 0, 2 ** 31 - 1);
  const leaseMs = wholeNumber('--lease-ms', options.leaseMs, 1, 2 ** 31 - 1);
  const names = options.queues?.split(',').map(name => name.trim());
  if (names?.includes('') === true)
    throw usageFailure(`--queues must be a list of names: received ${options.queues}`);
  const { applications, close } = await loadApplications(file, options.export, names);
  const lines = new WorkerLines(io, options.json === true);
  const works: Work[] = [];
  let closing: PromiseSettledResult<void> | undefined;
  try {
    for (const application of applications)
      works.push(started(application, { concurrency, leaseMs }, lines, io));
    const where = works.map(({ queue }) => queue).join(', ');
    const told = `working on ${where}, ${concurrency} at a time; SIGTERM or Ctrl-C drains\n`;
    await untilEnded(works, drainMs, io, told);
  } catch (cause) {
    throw new CommandFailure(`The work cannot go on: ${textOf(cause)}`, { cause });
  } finally {
    await Promise.all(works.map(each => each[Symbol.asyncDispose]()));
    [closing] = await Promise.allSettled([close()]);
    if (closing.status === 'rejected')
      io.stderr.write(`warning: close() of ${file} failed: ${textOf(closing.reason)}\n`);
  }
  const { succeeded, failed, cancelled } = lines.counts;
  io.stderr.write(`ended: ${succeeded} succeeded, ${failed} failed, ${cancelled} cancelled\n`);
  if (closing.status === 'rejected')
    throw new CommandFailure(`What ${file} had to close may be open`, { cause: closing.reason });
}

function started(
  application: Application,
  settings: { readonly concurrency: number; readonly leaseMs: number },
  lines: WorkerLines,
  io: CommandIo,
): Work {
  let warnedMs = Number.NEGATIVE_INFINITY;
  const warn = (error: unknown): void => {
    const nowMs = io.clock.monotonicMs();
    if (nowMs - warnedMs < warningRestMs) return;
    warnedMs = nowMs;
    io.stderr.write(`warning: ${application.name}: ${textOf(error)}\n`);
  };
  return application.work({
    ...settings,
    onTask: event => lines.tell(application.name, event),
    onEvent: ({ type, error }) => {
      if (type === 'trouble') warn(error);
    },
  });
}

/** Says that it works; until a signal came and what runs has ended, or a work cannot go on. @throws what that work ended with */
async function untilEnded(
  works: readonly Work[],
  drainMs: number,
  io: CommandIo,
  told: string,
): Promise<void> {
  const ends: (() => void)[] = [];
  const [first, second] = [0, 1].map(index => new Promise<void>(resolve => (ends[index] = resolve)));
  let count = 0;
  using _ = io.onEndSignal?.(() => ends[count++]?.());
  // Not before: whoever reads it may send the signal at once.
  io.stderr.write(told);
  const done = Promise.all(works.map(each => each.done));
  await Promise.race([first, done]);
  if (count === 0) return;
  io.stderr.write(`draining, ${drainMs} ms at most; once more gives back at once\n`);
  const drained = Promise.all(works.map(each => each.drain({ deadlineMs: drainMs })));
  try {
    await Promise.race([drained, second]);
  } catch (thrown) {
    if (errorCode(thrown) !== 'DEADLINE_EXCEEDED') throw thrown;
    io.stderr.write('warning: not all has ended in time; the rest is given back\n');
  }
}
