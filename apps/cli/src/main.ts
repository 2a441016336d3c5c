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

process.exitCode = await runQuorate(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  environment: process.env,
  clock: systemClock,
});
