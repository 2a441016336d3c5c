#!/usr/bin/env node
import { systemClock } from '@quorate/core';
import { runQuorate } from './program.ts';

// Whoever reads our output may stop early (`| head`): then there is nobody left to tell, and nothing has failed.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});
process.stderr.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

const args = process.argv.slice(2);
process.exitCode = await runQuorate(args, {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  environment: process.env,
  clock: systemClock,
  onEndSignal(onSignal) {
    const signals = ['SIGTERM', 'SIGINT'] as const;
    for (const signal of signals) process.on(signal, onSignal);
    return {
      [Symbol.dispose]() {
        for (const signal of signals) process.off(signal, onSignal);
      },
    };
  },
});

// A worker's module may hold connections that nobody closes; what was written goes out first.
if (args[0] === 'worker') process.stdout.write('', () => process.exit());
