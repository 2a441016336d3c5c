import { exitCodes } from './cli/exit-codes.ts';
import { runMain } from './cli/run-main.ts';

// Loaded where its failure is caught: Node's own exit code for that is 1, which means a regression.
await runMain(async context => {
  const { runCheck } = await import('./cli/run-check.ts');
  return runCheck(context);
}, exitCodes.harnessFailed);
