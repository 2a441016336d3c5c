import { runValidate } from './cli/run-validate.ts';
import { runMain } from './cli/run-main.ts';

await runMain(runValidate);
