import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive, isRunning, ownIdentity, parseIdentity, type ProcessIdentity } from './process-identity.ts';

/** Another bench runs on this machine. */
export class BusyError extends Error {
  override readonly name = 'BusyError';
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
  writeFileSync(file, JSON.stringify(ownIdentity()));
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

function readHolder(file: string): ProcessIdentity | undefined {
  try {
    return parseIdentity(readFileSync(file, 'utf8'));
  } catch {
    // Gone in the meantime.
    return undefined;
  }
}
