import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ballast = 'ballast';

/** A name space of our own where the system lets us mount in no other. */
const unshared = ['unshare', '-Urm'];

/** Whether it was said that none can be mounted. */
let isSaid = false;

/** A small file system of its own, which can be filled to the last byte; it goes with this process, however that ends. */
export class SmallVolume implements AsyncDisposable {
  /** Where it is, as every process of this user's can call it, and others where we are the superuser. */
  readonly path: string;
  readonly #keeper: ChildProcess;

  private constructor(path: string, keeper: ChildProcess) {
    this.path = path;
    this.#keeper = keeper;
  }

  /**
   * Why there can be none; undefined where there can.
   *
   * Unlike a server, no step of CI brings the leave to mount: many a container and many a kernel's rules forbid it even to the
   * superuser. What is skipped for want of it there does not fail, but is said on the error stream.
   */
  static missing(): string | undefined {
    if (process.platform !== 'linux') return 'needs Linux';
    if (wayToMount() !== undefined) return undefined;
    if (process.env['QUORATE_REQUIRE_SERVICES'] === '1' && !isSaid) {
      isSaid = true;
      process.stderr.write('WARNING: no file system can be mounted here; tests of full disks are skipped\n');
    }
    return 'needs leave to mount a file system';
  }

  static async open(mib: number): Promise<SmallVolume> {
    const way = wayToMount();
    if (way === undefined) throw new Error('No file system can be mounted');
    const folder = mkdtempSync(join(tmpdir(), 'quorate-volume-'));
    const mount = `mount -t tmpfs -o size=${mib}m,mode=1777 quorate "$0"`;
    const script = `${mount} && echo mounted && cat > /dev/null; umount -l "$0"; rmdir "$0"`;
    const command = [...way, 'sh', '-c', script, folder];
    const keeper = spawn('env', command, { stdio: ['pipe', 'pipe', 'inherit'], detached: true });
    await Promise.race([
      once(keeper.stdout, 'data'),
      once(keeper, 'exit').then(() => Promise.reject(new Error('The volume was not mounted'))),
    ]);
    return new SmallVolume(
      way === unshared ? join('/proc', `${keeper.pid}`, 'root', folder) : folder,
      keeper,
    );
  }

  /** Takes every byte that is there. */
  fill(): void {
    fillUp(this.path);
  }

  /** Gives back what was taken. */
  free(): void {
    emptied(this.path);
  }

  /** Starts something whose temporary folders are here. */
  async around<Result>(start: () => Promise<Result>): Promise<Result> {
    const before = process.env['TMPDIR'];
    process.env['TMPDIR'] = this.path;
    try {
      return await start();
    } finally {
      if (before === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = before;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#keeper, 'exit');
    this.#keeper.stdin?.end();
    await ended;
  }
}

/** Takes every byte that is there in a volume, also from another process than the one that has opened it. */
export function fillUp(path: string): void {
  const descriptor = openSync(join(path, ballast), 'a');
  for (const bytes of [0x10_0000, 0x1000]) takeAll(descriptor, Buffer.alloc(bytes));
  closeSync(descriptor);
}

/** Gives back what was taken, also from another process. */
export function emptied(path: string): void {
  rmSync(join(path, ballast), { force: true });
}

/** What a command to mount is run by: nothing, or what gives us a name space where we may. */
function wayToMount(): readonly string[] | undefined {
  const script = 'mount -t tmpfs -o size=1m quorate "$0" && umount "$0"';
  const folder = mkdtempSync(join(tmpdir(), 'quorate-volume-'));
  const ways = [[], unshared];
  const way = ways.find(each => {
    return spawnSync('env', [...each, 'sh', '-c', script, folder], { stdio: 'ignore' }).status === 0;
  });
  rmSync(folder, { recursive: true });
  return way;
}

function takeAll(descriptor: number, bytes: Buffer): void {
  try {
    for (;;) writeSync(descriptor, bytes);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOSPC') throw thrown;
  }
}
