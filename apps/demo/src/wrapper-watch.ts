import { readFileSync } from 'node:fs';
import type { Clock, Timer } from '@quorate/core';

/** A process as the kernel tells it. */
export interface ProcessInfo {
  readonly pid: number;
  readonly parent: number;
  readonly command: readonly string[];
  /** Ticks since boot: a process id that is used again has another one. */
  readonly startedAt: string;
}

/** Looks a process up; `undefined` when it is gone, or where nobody can tell. */
export type ProcessLookup = (pid: number) => ProcessInfo | undefined;

const pollMs = 500;
const ancestorsMax = 16;

/**
 * Notices that the wrapper which started this process is gone, and calls back once.
 *
 * `npx pnpm demo` is a chain: npm exec, a shell, pnpm, a shell, this. Ctrl-C reaches all of it, but TERM or KILL sent to the
 * outermost process alone ends only that one: nothing is passed on, this process's own parent lives, and nobody is told.
 * Node cannot ask the kernel for a signal either (`PR_SET_PDEATHSIG` needs native code). So the chain is looked at twice a
 * second. Only package managers and the shells between them are watched: a terminal, a script or a login that goes away
 * ends nothing.
 *
 * Linux only, by `/proc`. Elsewhere it does nothing, and TERM has to be sent to this process or its group.
 */
export function watchWrapper(
  clock: Clock,
  onGone: (command: string) => void,
  lookup: ProcessLookup = procLookup,
): Disposable {
  const chain = wrapperChain(process.ppid, lookup);
  let timer: Timer | undefined;
  const poll = (): void => {
    const gone = chain.find(({ pid, startedAt }) => lookup(pid)?.startedAt !== startedAt);
    if (gone !== undefined) onGone(gone.command[0] ?? '');
    else arm();
  };
  const arm = (): void => {
    timer = clock.setTimer(pollMs, poll);
    timer.unref();
  };
  if (chain.length > 0) arm();
  return { [Symbol.dispose]: () => timer?.cancel() };
}

/** The ancestors from `parent` up to the outermost package manager, as long as only shells are in between. */
export function wrapperChain(parent: number, lookup: ProcessLookup): ProcessInfo[] {
  const chain: ProcessInfo[] = [];
  let managed = 0;
  let pid = parent;
  while (pid > 1 && chain.length < ancestorsMax) {
    const ancestor = lookup(pid);
    if (ancestor === undefined) break;
    const manager = isPackageManager(ancestor.command);
    if (!manager && !isShellCommand(ancestor.command)) break;
    chain.push(ancestor);
    if (manager) managed = chain.length;
    pid = ancestor.parent;
  }
  return chain.slice(0, managed);
}

/** By program, by script (`node …/pnpm.cjs`), or by the title that npm gives itself (`npm exec pnpm@12 demo`). */
function isPackageManager(command: readonly string[]): boolean {
  return command
    .slice(0, 2)
    .some(word => /(?:^|\/)(?:npm|npx|pnpm|pnpx)(?:-cli)?(?:\.[cm]?js)?(?: |$)/.test(word));
}

function isShellCommand(command: readonly string[]): boolean {
  return /(?:^|\/)(?:sh|dash|bash|zsh)$/.test(command[0] ?? '') && command[1] === '-c';
}

/** `/proc/PID/stat`: the name, in parentheses, may hold anything; what is wanted comes after the last one. */
function procLookup(pid: number): ProcessInfo | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie has ended; its parent has only not asked yet.
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      .split('\0')
      .filter(word => word !== '');
    return { pid, parent: Number(fields[1]), command, startedAt: fields[19] ?? '' };
  } catch {
    return undefined;
  }
}
