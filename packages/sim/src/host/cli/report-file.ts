import { accessSync, constants, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { UsageError } from './usage-error.ts';

/**
 * Checks that a report can be written to `file` before minutes are spent on making it. The file itself is not touched: a run
 * that is interrupted leaves the last report as it was.
 *
 * @throws UsageError where the folder is not there or cannot be written to, and where `file` is a folder
 */
export function checkReportFile(option: string, file: string): void {
  const path = resolve(file);
  const existing = statSync(path, { throwIfNoEntry: false });
  if (existing?.isDirectory() === true) {
    throw new UsageError(`Option ${option} must name a file: received the folder "${file}"`);
  }
  try {
    accessSync(existing === undefined ? dirname(path) : path, constants.W_OK);
  } catch (error) {
    throw new UsageError(
      `Option ${option} must name a file that can be written: ${(error as Error).message}`,
    );
  }
}
