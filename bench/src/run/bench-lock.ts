import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Another bench runs on this machine. */
export class BusyError extends Error {
  override readonly name = 'BusyError';
}

interface Holder {
  readonly pid: number;
  /** When that process started, so that another one that has been given its number since is not taken for it. */
  readonly started: string;
}

/**
 * Keeps two benches from running on one machine at once, for they would measure each other.
 *
 * Each writes a file of its own into `folder` and then looks for others': of two that start together at least one sees the
 * other, so never both run (both may refuse). A file whose process is gone is removed by whoever finds it.
 *
 * @returns the lock; dispose of it to let others run
 * @throws BusyError where a live process holds it
 */
export function takeBenchLock(folder: string): Disposable {
  mkdirSync(folder, { recursive: true });
  const own = `${process.pid}.json`;
  const file = join(folder, own);
  const holder: Holder = { pid: process.pid, started: startOf(process.pid) };
  writeFileSync(file, JSON.stringify(holder));
  const lock = { [Symbol.dispose]: () => rmSync(file, { force: true }) };
  for (const name of readdirSync(folder)) {
    if (name === own || !name.endsWith('.json')) continue;
    const other = readHolder(join(folder, name));
    if (other !== undefined && isAlive(other)) {
      lock[Symbol.dispose]();
      throw new BusyError(`Another bench runs on this machine, process ${other.pid}: wait for it, or end it`);
    }
    // A file that cannot be read is one that is being written this instant, unless its process is gone.
    if (other !== undefined || !isRunning(Number.parseInt(name, 10)))
      rmSync(join(folder, name), { force: true });
    else {
      lock[Symbol.dispose]();
      throw new BusyError(`Another bench is starting on this machine, process ${Number.parseInt(name, 10)}`);
    }
  }
  return lock;
}

function readHolder(file: string): Holder | undefined {
  try {
    const holder = JSON.parse(readFileSync(file, 'utf8')) as Partial<Holder>;
    if (typeof holder.pid === 'number' && typeof holder.started === 'string') return holder as Holder;
  } catch {
    // Gone in the meantime, or not written to its end.
  }
  return undefined;
}

function isAlive(holder: Holder): boolean {
  return isRunning(holder.pid) && startOf(holder.pid) === holder.started;
}

function isRunning(pid: number): boolean {
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
