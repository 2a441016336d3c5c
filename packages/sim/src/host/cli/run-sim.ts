import { ScenarioError } from '../runner/discover-scenarios.ts';
import { chooseScenario, findScenarios, renderListing } from './choose-scenario.ts';
import type { CommandContext } from './command-context.ts';
import { exitCodes } from './exit-codes.ts';
import { help } from './help.ts';
import { parseOptions } from './options.ts';
import { checkReportFile } from './report-file.ts';
import { runCampaignCommand } from './run-campaign-command.ts';
import { runDeterminismCommand } from './run-determinism-command.ts';
import { runReplayCommand } from './run-replay-command.ts';
import { UsageError } from './usage-error.ts';

/** `pnpm sim`: returns the exit code. */
export async function runSim(context: CommandContext): Promise<number> {
  const { stdout, stderr } = context;
  try {
    const options = parseOptions(context.args);
    if (options.help) {
      stdout.write(help);
      return exitCodes.fine;
    }
    for (const name of ['json', 'html'] as const) {
      const file = options[name];
      if (file !== undefined && file !== '-') checkReportFile(`--${name}`, file);
    }
    const discovered = await findScenarios(options.scenarios);
    if (options.list) {
      const part = options.scenario ?? '';
      stdout.write(renderListing(discovered.found.filter(({ id }) => id.includes(part))));
      for (const problem of discovered.problems) stderr.write(`${problem}\n`);
      return discovered.problems.length === 0 ? exitCodes.fine : exitCodes.scenarioFailed;
    }
    if (options.replay !== undefined) {
      return await runReplayCommand(discovered, options.replay, options, context);
    }
    const found = chooseScenario(discovered, options.scenario ?? '');
    for (const problem of discovered.problems) stderr.write(`${problem.split('\n')[0]}\n`);
    if (options.checkDeterminism) return await runDeterminismCommand(found, options, context);
    return await runCampaignCommand(found, options, context);
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof ScenarioError)) throw error;
    stderr.write(`${error.message}\n`);
    if (error instanceof ScenarioError) return exitCodes.scenarioFailed;
    stderr.write('pnpm sim --help lists the options\n');
    return exitCodes.usage;
  }
}
