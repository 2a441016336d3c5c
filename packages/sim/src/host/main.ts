import { exitCodes } from './cli/exit-codes.ts';
import { runMain } from './cli/run-main.ts';
import { runSim } from './cli/run-sim.ts';

await runMain(runSim, exitCodes.scenarioFailed);
