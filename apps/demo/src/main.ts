import { seededRandom, systemClock, systemRandom } from '@quorate/core';
import { type DemoArguments, parseArguments, usage, UsageError } from './arguments.ts';
import { type Dashboard, startDashboard } from './dashboard.ts';
import { Demo } from './demo.ts';
import { loadKeys } from './keys.ts';
import { narrate, summary } from './narrator.ts';
import { runTour } from './tour.ts';
import { watchWrapper } from './wrapper-watch.ts';

/** How the run was asked to end before its time. */
interface Stop {
  readonly reason: string;
  readonly exitCode: number;
}

const signals = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
const quietOperationsPerSecond = 120;

/** Settles when somebody wants the demo to end: a signal, a closed output, a wrapper that is gone. */
function stopWanted(): Promise<Stop> {
  return new Promise(resolve => {
    let asked = false;
    for (const [signal, exitCode] of Object.entries(signals)) {
      process.on(signal, () => {
        // Asked twice, it does not wait for anybody: nodes end when their channel closes.
        if (asked) process.exit(exitCode);
        asked = true;
        resolve({ reason: signal, exitCode });
      });
    }
    for (const stream of [process.stdout, process.stderr]) {
      stream.on('error', () => resolve({ reason: 'its output was closed', exitCode: 1 }));
    }
    watchWrapper(systemClock, command => resolve({ reason: `${command} is gone`, exitCode: 143 }));
  });
}

async function run(args: DemoArguments): Promise<number> {
  const say = (line: string): void => void (args.json ? process.stderr : process.stdout).write(`${line}\n`);
  const stop = stopWanted();
  const keys = await loadKeys(args.keysFile, args.count);
  const random = seededRandom(args.seed);
  await using demo = new Demo(keys, random.fork('demo'), systemClock);
  const out = args.json ? process.stderr : process.stdout;
  using _narration = narrate(demo.tape, out.isTTY && !process.env['NO_COLOR'], say);
  const dashboard = await startDashboard(demo, systemClock, random.fork('page'), args.port);
  say(`Quorate demo: ${keys.keys.length} keys from ${keys.source}, seed ${args.seed}`);
  say(`Page: ${dashboard.pageUrl}`);
  try {
    return await Promise.race([tourAndStay(demo, dashboard, args, say), stop.then(farewell(say))]);
  } finally {
    await dashboard.close();
  }
}

async function tourAndStay(
  demo: Demo,
  dashboard: Dashboard,
  args: DemoArguments,
  say: (line: string) => void,
): Promise<number> {
  if (!args.tour) return stayUp(demo, dashboard, args, say);
  dashboard.busy = 'The tour';
  const report = await runTour(demo, args.nodes, args.seed, seededRandom(args.seed).fork('tour'));
  dashboard.busy = undefined;
  if (args.json) process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
  else for (const line of summary(report)) say(line);
  if (!args.stay) return report.ok ? 0 : 1;
  return stayUp(demo, dashboard, args, say);
}

/** Leaves the cluster to the page, with a little traffic, until somebody ends the demo. */
async function stayUp(
  demo: Demo,
  dashboard: Dashboard,
  args: DemoArguments,
  say: (line: string) => void,
): Promise<never> {
  if (!args.tour) {
    dashboard.busy = 'The start';
    await demo.start(args.nodes);
    await demo.load();
    await demo.replicate(args.nodes);
    dashboard.busy = undefined;
  }
  demo.setTraffic(quietOperationsPerSecond);
  demo.goLive();
  say(`\nStill running. Page: ${dashboard.pageUrl}\nCtrl-C ends it.`);
  return new Promise<never>(() => {});
}

function farewell(say: (line: string) => void): (stop: Stop) => number {
  return ({ reason, exitCode }) => {
    say(`\nEnding (${reason}): stopping the nodes`);
    return exitCode;
  };
}

async function main(): Promise<number> {
  try {
    const args = parseArguments(process.argv.slice(2), process.stdout.isTTY, () => systemRandom.uint32());
    if (args !== 'help') return await run(args);
    process.stdout.write(usage);
    return 0;
  } catch (error) {
    const wrong = error instanceof UsageError;
    process.stderr.write(`demo: ${(error as Error).message}${wrong ? '\nTry: pnpm demo --help' : ''}\n`);
    return wrong ? 2 : 1;
  }
}

const exitCode = await main();
// Whatever may still be waiting for a node that is gone must not keep the process.
process.stdout.write('', () => process.exit(exitCode));
