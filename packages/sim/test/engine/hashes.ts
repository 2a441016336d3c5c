import { simulate } from '../../src/index.ts';
import { heartbeatAsync } from '../../scenarios/heartbeat.ts';

/** Prints the trace hashes of some seeds, one a line: a process of its own for tests that compare processes and versions. */
const pump = process.argv[2] === 'ticks' ? 'ticks' : 'checkpoint';
for (const seed of [1, 2, 3, 4, 5, 6]) {
  const { traceHash, verdict } = await simulate(
    { ...heartbeatAsync, safetyMs: 5_000, livenessMs: 1_000 },
    { seed },
    { pump },
  );
  process.stdout.write(`${seed} ${verdict} ${traceHash}\n`);
}
