import { harnessFailed, runCheck } from './cli/run-check.ts';
import { runMain } from './cli/run-main.ts';

await runMain(runCheck, harnessFailed);
