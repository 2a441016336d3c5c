/** A creation, rename or removal: the names that changed, and what they name afterwards (undefined: nothing). */
type NameChange<File> = readonly (readonly [name: string, file: File | undefined])[];

/**
 * Which files a folder has: as programs see it, and as it is durable. Between the two lie changes in order, of which a crash
 * undoes the newest, any number of them; one change is undone whole.
 */
export class FileNames<File> {
  readonly #current = new Map<string, File>();
  readonly #durable = new Map<string, File>();
  readonly #changes: NameChange<File>[] = [];
  /** Of the changes so far: how many are durable. */
  #syncedCount = 0;

  get current(): ReadonlyMap<string, File> {
    return this.#current;
  }

  /** Changes that a crash could undo. */
  get unsyncedCount(): number {
    return this.#changes.length;
  }

  /** Counts every change from the beginning: what {@link synced} is told. */
  get changeCount(): number {
    return this.#syncedCount + this.#changes.length;
  }

  change(change: NameChange<File>): void {
    this.#changes.push(change);
    applyChange(this.#current, change);
  }

  /** The first `changeCount` changes are durable. */
  synced(changeCount: number): void {
    const count = Math.max(0, changeCount - this.#syncedCount);
    for (const change of this.#changes.splice(0, count)) applyChange(this.#durable, change);
    this.#syncedCount += count;
  }

  /** Undoes the newest `undoneCount` changes and makes the others durable. */
  crash(undoneCount: number): void {
    this.synced(this.changeCount - undoneCount);
    this.#changes.length = 0;
    this.#current.clear();
    for (const [name, file] of this.#durable) this.#current.set(name, file);
  }
}

function applyChange<File>(names: Map<string, File>, change: NameChange<File>): void {
  for (const [name, file] of change) {
    if (file === undefined) names.delete(name);
    else names.set(name, file);
  }
}
