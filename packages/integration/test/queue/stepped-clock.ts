import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('server-clock.c', import.meta.url));

/** Why no program can be given a clock here; undefined where it can. */
export function clockMissing(): string | undefined {
  if (process.platform !== 'linux') return 'needs Linux';
  // It may be there without the headers of the C library.
  const { status } = spawnSync('cc', ['-fsyntax-only', source], { stdio: 'ignore' });
  return status === 0 ? undefined : 'needs a C compiler';
}

/** A wall clock that is stepped, for the programs that are started with it; it tells them the machine's time else. */
export class SteppedClock implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'quorate-clock-'));
  readonly #file = join(this.#folder, 'ahead');

  constructor() {
    // A server may run as another user.
    chmodSync(this.#folder, 0o755);
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', this.#library, source, '-ldl']);
    this.set(0);
  }

  /** How far the clock is ahead of the machine's from now on, ms. */
  set(aheadMs: number): void {
    // Replaced at once: a reader sees the old text or the new one.
    writeFileSync(`${this.#file}.new`, `${Math.trunc(aheadMs / 1000)}`);
    renameSync(`${this.#file}.new`, this.#file);
  }

  /** What a program must have in its environment. */
  get environment(): Readonly<Record<string, string>> {
    return { LD_PRELOAD: this.#library, QUORATE_CLOCK_FILE: this.#file };
  }

  /** Starts something whose programs have this clock. */
  async around<Result>(start: () => Promise<Result>): Promise<Result> {
    const { environment } = this;
    Object.assign(process.env, environment);
    try {
      return await start();
    } finally {
      for (const name of Object.keys(environment)) delete process.env[name];
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #library(): string {
    return join(this.#folder, 'clock.so');
  }
}
