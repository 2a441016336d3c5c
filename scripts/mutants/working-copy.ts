import { cpSync, existsSync, globSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { captureOrThrow } from '../run-command.ts';

/** A copy of the sources as they are now, uncommitted changes included, whose packages find each other, not the original. */
export class WorkingCopy implements Disposable {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async of(root: string): Promise<WorkingCopy> {
    const folder = mkdtempSync(join(tmpdir(), 'quorate-mutants-'));
    const listed = await captureOrThrow(['git', 'ls-files', '-z', '-co', '--exclude-standard'], {
      cwd: root,
    });
    for (const file of listed.split('\0')) {
      // A file that was removed and not yet staged is still listed.
      if (file === '' || file.startsWith('docs/') || !existsSync(join(root, file))) continue;
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      cpSync(join(root, file), join(folder, file), { verbatimSymlinks: true });
    }
    mkdirSync(join(folder, 'docs'));
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    // The links in these are relative, so that copied they lead to the copies; what is installed stays where it is.
    for (const links of globSync('{packages,apps}/*/node_modules', { cwd: root })) {
      cpSync(join(root, links), join(folder, links), { recursive: true, verbatimSymlinks: true });
    }
    return new WorkingCopy(folder);
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
