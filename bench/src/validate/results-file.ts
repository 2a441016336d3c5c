import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { ValidationRun } from './validation-run.ts';

/** The runs that a results file holds; none where there is no file. A line that a crash cut off is left out. */
export function readResults(file: string): ValidationRun[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap(line => {
      const run = parse(line);
      return run?.schema === 'quorate-bench-validation/2' ? [run] : [];
    });
}

/** Adds a run. The line begins with a line feed where the last one was cut off. */
export function appendResult(file: string, run: ValidationRun): void {
  mkdirSync(dirname(file), { recursive: true });
  const cutOff = existsSync(file) && !/(?:^|\n)$/.test(readFileSync(file, 'utf8').slice(-1));
  appendFileSync(file, `${cutOff ? '\n' : ''}${JSON.stringify(run)}\n`);
}

function parse(line: string): ValidationRun | undefined {
  try {
    return JSON.parse(line) as ValidationRun;
  } catch {
    return undefined;
  }
}
