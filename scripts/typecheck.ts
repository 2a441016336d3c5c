import { bin, passThrough } from './run-command.ts';

/**
 * Checks the types of everything at once; then what is published, by itself, as its builds see it: with the library
 * of the oldest supported Node, and with declarations that every file can state alone. Nothing has to be built first.
 */
let failed = false;
for (const config of ['tsconfig.json', 'tsconfig.published.json']) {
  const code = await passThrough(bin('tsc', '--noEmit', '-p', config));
  failed ||= code !== 0;
}
process.exitCode = failed ? 1 : 0;
