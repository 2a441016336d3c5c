import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A folder for each node's journal, in the system's place for what is temporary. A node that is started again gets the one it
 * had.
 *
 * They are gone when this is disposed, or at the latest when the process exits. What ends the supervisor without a word ends
 * the nodes, too, and each takes its folder along.
 */
export class NodeFolders implements Disposable {
  readonly #folders = new Map<string, string>();
  readonly #atExit = (): void => this[Symbol.dispose]();

  constructor() {
    process.once('exit', this.#atExit);
  }

  of(id: string): string {
    const folder = this.#folders.get(id) ?? mkdtempSync(join(realpathSync(tmpdir()), `quorate-demo-${id}-`));
    this.#folders.set(id, folder);
    return folder;
  }

  remove(id: string): void {
    const folder = this.#folders.get(id);
    this.#folders.delete(id);
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }

  [Symbol.dispose](): void {
    process.off('exit', this.#atExit);
    for (const id of this.#folders.keys()) this.remove(id);
  }
}
