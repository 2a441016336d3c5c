import { readFileSync, readlinkSync } from 'node:fs';
import { systemClock } from '@quorate/core';
import type { Processes } from '../neighbours/processes.ts';

let found: Processes | undefined;

/**
 * The processes that this one can see. Where the kernel does not say when a process was started, as outside Linux, another one of its
 * number is taken for it: then it is found late, by the end of its leases, that it has ended.
 */
export function systemProcesses(): Processes {
  found ??= {
    host: `${systemClock.bootId}/${namespace()}`,
    self: `${process.pid}/${startOf(process.pid) ?? ''}`,
    isGone,
  };
  return found;
}

function isGone(name: string): boolean {
  const [number = '', start = ''] = name.split('/');
  const pid = Number(number);
  if (!Number.isSafeInteger(pid) || pid < 1) return false;
  try {
    process.kill(pid, 0);
  } catch (thrown) {
    // Of another user's, that it may not be told anything.
    return (thrown as NodeJS.ErrnoException).code === 'ESRCH';
  }
  const now = startOf(pid);
  return start !== '' && now !== undefined && now !== start;
}

/** When a process was started, in ticks since the machine's start; `gone` for one that only waits to be buried. */
function startOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The program's name stands in brackets, and may hold some itself.
    const [state = '', ...fields] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' || state === 'X' ? 'gone' : fields[18];
  } catch {
    return undefined;
  }
}

/** Containers of one machine number their processes apart. */
function namespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}
