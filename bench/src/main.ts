import { runBench } from './cli/run-bench.ts';
import { runMain } from './cli/run-main.ts';

await runMain(runBench);
