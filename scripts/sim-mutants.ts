import { readOptions } from './command-line.ts';
import { type Hunt, hunt, hunterLimitMs, runSuite } from './mutants/hunt.ts';
import { type Mutant, MutantListError, mutate, readMutants } from './mutants/mutant.ts';
import { WorkingCopy } from './mutants/working-copy.ts';
import { ROOT } from './run-command.ts';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const USAGE = `pnpm sim:mutants: deliberate bugs, each put into a copy of the sources, and what notices them

The bugs stand in packages/*/test/mutants.json. The suite that has to notice one is first run without it, and has to pass.

  --only a,b   the bugs whose "package/id" has one of these in it
  --jobs N     so many at once (default 2)
  --list       name the bugs, run nothing
  --json       { schema, ok, mutants: [{ package, id, says, caughtBy, verdict, seconds }] } on stdout, all else on stderr

Exit codes: 0 all were noticed, 1 one was not, 2 the arguments or a list are wrong, 3 a suite fails without any bug.
`;

const values = readOptions(USAGE, {
  only: { type: 'string' },
  jobs: { type: 'string', default: '2' },
  list: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
});
const log = values.json ? process.stderr : process.stdout;
// Copies are removed on the way out.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof MutantListError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}

async function main(): Promise<number> {
  const jobs = Number(values.jobs);
  if (!Number.isInteger(jobs) || jobs < 1 || jobs > 64) {
    process.stderr.write(`--jobs must be a whole number from 1 to 64: received ${values.jobs}\n`);
    return 2;
  }
  const mutants = readMutants(ROOT).filter(
    mutant => values.only?.split(',').some(part => nameOf(mutant).includes(part)) ?? true,
  );
  if (mutants.length === 0) {
    process.stderr.write(
      `No mutant${values.only === undefined ? '' : ` has "${values.only}" in its name`}\n`,
    );
    return 2;
  }
  for (const mutant of mutants) {
    mutate(mutant, readFileSync(join(ROOT, 'packages', mutant.package, mutant.file), 'utf8'));
    if (values.list) log.write(`${nameOf(mutant).padEnd(48)} ${mutant.says}\n`);
  }
  return values.list ? 0 : await huntAll(mutants, jobs);
}

async function huntAll(mutants: readonly Mutant[], jobs: number): Promise<number> {
  using copies = new DisposableStack();
  process.once('exit', () => copies.dispose());
  const lanes = Array.from({ length: Math.min(jobs, mutants.length) }, async () =>
    copies.use(await WorkingCopy.of(ROOT)),
  );
  const folders = (await Promise.all(lanes)).map(({ folder }) => folder);
  const suites = new Map(mutants.map(mutant => [`${mutant.package} ${mutant.caughtBy}`, mutant]));
  let sound = true;
  await share([...suites.values()], folders, async (mutant, folder) => {
    const { verdict, seconds, output } = await runSuite(mutant, folder);
    log.write(`${verdict === 'passed' ? 'sound  ' : 'UNSOUND'} ${mutant.caughtBy} ${inSeconds(seconds)}\n`);
    if (verdict === 'passed') return;
    log.write(`${output}\n`);
    sound = false;
  });
  if (!sound) return 3;
  const found = new Map<Mutant, Hunt>();
  await share(mutants, folders, async (mutant, folder) => {
    const result = await hunt(mutant, folder);
    found.set(mutant, result);
    const word = { caught: 'caught  ', passed: 'SURVIVED', broken: 'BROKEN  ' }[result.verdict];
    log.write(
      `${word} ${nameOf(mutant).padEnd(48)} ${inSeconds(result.seconds)} by ${mutant.caughtBy}: ${mutant.says}\n`,
    );
    if (result.verdict === 'broken') log.write(`${result.output}\n`);
  });
  return conclude(mutants, found);
}

function conclude(mutants: readonly Mutant[], found: ReadonlyMap<Mutant, Hunt>): number {
  const inTime = (mutant: Mutant): boolean => {
    const { verdict, seconds = Number.POSITIVE_INFINITY } = found.get(mutant) ?? {};
    return verdict === 'caught' && seconds * 1000 <= hunterLimitMs + 10_000;
  };
  const caught = mutants.filter(inTime).length;
  if (values.json) {
    const rows = mutants.map(mutant => {
      const { package: home, id, says, caughtBy } = mutant;
      const { verdict, seconds } = found.get(mutant) ?? {};
      return { package: home, id, says, caughtBy, verdict, seconds };
    });
    const report = { schema: 'quorate-mutants/1', ok: caught === mutants.length, mutants: rows };
    process.stdout.write(`${JSON.stringify(report)}\n`);
  }
  log.write(`${caught} of ${mutants.length} deliberate bugs were noticed within a minute each\n`);
  return caught === mutants.length ? 0 : 1;
}

/** Runs a task for each item, as many at once as there are folders. */
async function share(
  items: readonly Mutant[],
  folders: readonly string[],
  task: (item: Mutant, folder: string) => Promise<void>,
): Promise<void> {
  const left = [...items];
  const lane = async (folder: string): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await task(item, folder);
  };
  await Promise.all(folders.map(lane));
}

function nameOf(mutant: Mutant): string {
  return `${mutant.package}/${mutant.id}`;
}

function inSeconds(seconds: number): string {
  return `${seconds.toFixed(1)} s`;
}
