import { readFileSync } from 'node:fs';

/** A process, told apart from another one that is given its number later. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in the kernel's ticks; empty where the system does not tell. */
  readonly started: string;
}

/** The identity of this process: what it writes into a file by which others find out whether it is still there. */
export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, started: startOf(process.pid) };
}

/** Reads an identity back from JSON. Undefined where the text is none: not written to its end, for instance. */
export function parseIdentity(text: string): ProcessIdentity | undefined {
  try {
    const parsed = JSON.parse(text) as Partial<ProcessIdentity> | null;
    if (typeof parsed?.pid === 'number' && typeof parsed.started === 'string')
      return parsed as ProcessIdentity;
  } catch {
    // Half a text is as good as none.
  }
  return undefined;
}

/** Whether this very process still runs. */
export function isAlive({ pid, started }: ProcessIdentity): boolean {
  return isRunning(pid) && startOf(pid) === started;
}

/** Whether any process has this number. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The start time of a process in the kernel's ticks; empty where the system has no /proc. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The command's name, in parentheses, may hold spaces: fields are counted behind it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
