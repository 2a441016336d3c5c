import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sleep, systemClock } from '@quorate/core';

const volumeMib = 16;

/**
 * Folders for journals, of which each is a small file system of its own that can be filled to the last byte.
 *
 * They are mounted in a name space that a process keeps, and go with it however this one ends. Where the system lets nobody
 * mount anything they are folders of the temporary one, and whoever works on them has to be told that it is full.
 */
export class Volumes implements AsyncDisposable {
  readonly #folder: string;
  readonly #keeper: ChildProcess | undefined;

  private constructor(folder: string, keeper: ChildProcess | undefined) {
    this.#folder = folder;
    this.#keeper = keeper;
  }

  /** Whether volumes can be mounted here. */
  static canMount(): boolean {
    if (process.platform !== 'linux') return false;
    const script = 'mount -t tmpfs -o size=1m quorate /tmp && nsenter --version';
    return spawnSync('unshare', ['-Urm', 'sh', '-c', script], { stdio: 'ignore' }).status === 0;
  }

  static async open(names: readonly string[]): Promise<Volumes> {
    const folder = fs.mkdtempSync(join(tmpdir(), 'quorate-campaign-'));
    for (const name of names) fs.mkdirSync(join(folder, name));
    if (!Volumes.canMount()) return new Volumes(folder, undefined);
    const mounts = names.map(name => `mount -t tmpfs -o size=${volumeMib}m quorate "$0/${name}"`);
    // Whoever is left there has the volumes for as long as it lives.
    const clear = `umount -l ${names.map(name => `"$0/${name}"`).join(' ')}; rm -rf "$0"`;
    const script = `${mounts.join(' && ')} && echo mounted && cat > /dev/null; ${clear}`;
    const keeper = spawn('unshare', ['-Urm', 'sh', '-c', script, folder], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await Promise.race([
      once(keeper.stdout, 'data'),
      once(keeper, 'exit').then(() => Promise.reject(new Error('The volumes were not mounted'))),
    ]);
    return new Volumes(folder, keeper);
  }

  /** Whether they are file systems of their own. */
  get areMounted(): boolean {
    return this.#keeper !== undefined;
  }

  /** What runs a program where the volumes are seen. */
  command(...program: readonly string[]): readonly string[] {
    if (this.#keeper === undefined) return program;
    return ['nsenter', '-t', `${this.#keeper.pid}`, '-U', '-m', '--preserve-credentials', ...program];
  }

  /** A journal's folder, as it is called there. */
  journal(name: string): string {
    return join(this.#folder, name, 'journal');
  }

  /** Takes every byte that is there or becomes free, until the signal aborts. */
  async fill(name: string, until: AbortSignal): Promise<void> {
    const ballast = join(this.#root(), name, 'ballast');
    const descriptor = fs.openSync(ballast, 'w');
    try {
      while (!until.aborted) {
        for (const bytes of [0x10_0000, 0x1000]) takeAll(descriptor, Buffer.alloc(bytes));
        await sleep(systemClock, 20);
      }
    } finally {
      fs.closeSync(descriptor);
      fs.rmSync(ballast);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#keeper !== undefined) {
      const ended = once(this.#keeper, 'exit');
      this.#keeper.stdin?.end();
      await ended;
    }
    fs.rmSync(this.#folder, { recursive: true, force: true });
  }

  #root(): string {
    return join('/proc', `${this.#keeper?.pid}`, 'root', this.#folder);
  }
}

function takeAll(descriptor: number, bytes: Buffer): void {
  try {
    for (;;) fs.writeSync(descriptor, bytes);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOSPC') throw thrown;
  }
}
