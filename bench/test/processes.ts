import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** Whether a process is there and not merely waiting to be collected. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Settles when `condition` holds. @throws Error when it does not within the deadline: the thing waited for did not happen */
export async function eventually(what: string, condition: () => boolean, deadlineMs = 20_000): Promise<void> {
  const endMs = performance.now() + deadlineMs;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`${what} must happen within ${deadlineMs} ms: it did not`);
    await pause(10);
  }
}

/** Processes that were started with this value of an environment variable, themselves or by their parents; where /proc is. */
export function processesWith(name: string, value: string): number[] {
  if (!existsSync('/proc')) return [];
  return readdirSync('/proc')
    .map(Number)
    .filter(pid => Number.isInteger(pid) && environmentOf(pid).includes(`${name}=${value}`));
}

function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    // It has ended meanwhile, or is somebody else's.
    return [];
  }
}
