import { closeSync, fstatSync, openSync, readSync, writeFileSync } from 'node:fs';
import type { CheckReport } from './check-report.ts';
import { type HistoryRun, historyRunOf, parseHistoryRun } from './history-run.ts';

/** What could be read, oldest first, and what could not. */
export interface History {
  readonly runs: readonly HistoryRun[];
  readonly notes: readonly string[];
}

/** Of a longer file only the end is read: some thousand runs. */
export const historyBytesMax: number = 16 * 2 ** 20;

const lineFeed = 10;

/**
 * Adds a run to the end of a history, which need not exist. A last line that was cut off stays as it is and stays alone.
 *
 * @throws Error of the file system where the file cannot be written
 */
export function appendHistory(file: string, report: CheckReport): void {
  const descriptor = openSync(file, 'a+');
  try {
    const { size } = fstatSync(descriptor);
    const last = Buffer.alloc(1);
    const cutOff = size > 0 && readSync(descriptor, last, 0, 1, size - 1) === 1 && last[0] !== lineFeed;
    // Written at once, so that a reader finds the whole line or none.
    writeFileSync(descriptor, `${cutOff ? '\n' : ''}${JSON.stringify(historyRunOf(report))}\n`);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Reads a history. What is no run of this schema (a line that was cut off or damaged) is skipped, and a note says so; where
 * there is no file there are no runs.
 *
 * @throws Error of the file system where the file is there and cannot be read
 */
export function readHistory(file: string): History {
  const { text, isWhole } = readEnd(file);
  const lines = text.replace(/\n$/, '').split('\n');
  // The first line of a part is a part itself.
  const notes = isWhole ? [] : [`Only the last ${historyBytesMax / 2 ** 20} MiB of the history were read`];
  const runs: HistoryRun[] = [];
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '' || (index === 0 && !isWhole)) continue;
    const run = parseHistoryRun(line);
    if (run !== undefined) runs.push(run);
    else notes.push(`Line ${index + 1} of ${lines.length} read from the history is no run and was skipped`);
  }
  // Lines are in the order in which runs ended, on whatever machine.
  return { runs: runs.sort((a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt)), notes };
}

function readEnd(file: string): { text: string; isWhole: boolean } {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { text: '', isWhole: true };
    throw error;
  }
  try {
    const { size } = fstatSync(descriptor);
    const bytes = Buffer.alloc(Math.min(size, historyBytesMax));
    let filled = 0;
    while (filled < bytes.length) {
      const position = size - bytes.length + filled;
      const read = readSync(descriptor, bytes, filled, bytes.length - filled, position);
      if (read === 0) break;
      filled += read;
    }
    return { text: bytes.toString('utf8', 0, filled), isWhole: size <= historyBytesMax };
  } finally {
    closeSync(descriptor);
  }
}
