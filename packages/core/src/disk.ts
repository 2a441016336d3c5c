/**
 * The Disk seam: files as a log needs them. What the platform's own file system gives, and what the simulator can take away:
 * writes that were never synced, half of a write, a sector that rots, the last free byte.
 *
 * @experimental until two engines pass its conformance suite
 * @module
 */

/** What an implementation keeps, and in which units. */
export interface DiskCapabilities {
  /** What {@link DiskFile.sync} reaches. `memory`: lost with the process. `os`: survives the process. `fsync`: survives power loss. */
  readonly durability: 'memory' | 'os' | 'fsync';
  /** What a power loss tears apart, in bytes: a write within one aligned block of this size is kept whole or not at all. */
  readonly sectorBytes: number;
}

/** Done already, or done when the promise settles: a disk that blocks its thread answers at once. */
export type Done = Promise<void> | undefined;

/**
 * An open file. Offsets and lengths are in bytes.
 *
 * Calls for one file are made one after the other: who has a promise from one waits for it before the next.
 */
export interface DiskFile extends AsyncDisposable {
  readonly name: string;

  /** Its length, room that was allocated and not written yet included. */
  readonly size: number;

  /**
   * Writes the chunks one after the other from `offset` on; the file grows as needed. Durable only after {@link sync}, and of
   * a write that was not synced any sectors may survive, in any order. The chunks are not changed before this is done.
   *
   * @throws QuorateError `STORAGE_FULL`, some of it may be written; `IO_FAILED`
   */
  write(chunks: readonly Uint8Array[], offset: number): Done;

  /**
   * Makes durable what was written before the call.
   *
   * @throws QuorateError `IO_FAILED`: what was not durable before may be lost now, and a second sync would not tell
   */
  sync(): Done;

  /**
   * Writes like {@link write}, and is done once that is durable: what {@link sync} does, for these bytes alone. Left out where
   * it would be no faster than the two.
   *
   * @throws QuorateError `STORAGE_FULL` where not all of it is written; `IO_FAILED`, as of {@link sync}: it may be there, now or
   *   later
   */
  writeDurably?(chunks: readonly Uint8Array[], offset: number): Done;

  /** Fills `into` from `offset` on and says how many bytes there were: fewer only at the end of the file. */
  read(into: Uint8Array, offset: number): Promise<number>;

  /**
   * Makes the file `size` bytes long, with zeros in what is new, and durable at that length: later writes within it find room
   * and change no metadata.
   *
   * @throws QuorateError `STORAGE_FULL`; the file is as long as before
   */
  allocate(size: number): Promise<void>;

  /** Cuts the file off, durably. @throws RangeError when `size` is above the present one */
  truncate(size: number): Promise<void>;
}

/** A folder of files, without folders in it. Names are short and plain: letters, digits, `.`, `-` and `_`. */
export interface Disk {
  readonly capabilities: DiskCapabilities;

  /**
   * Opens a file.
   *
   * @param options `create`: makes an empty one, which is durable after {@link syncNames}
   * @throws QuorateError `NOT_FOUND`, or `ALREADY_EXISTS` with `create`
   */
  open(name: string, options?: { readonly create?: boolean }): Promise<DiskFile>;

  /** The names of all files, in order of their code units. */
  list(): Promise<readonly string[]>;

  /** Gives a file another name, in place of what had it. Durable after {@link syncNames}. */
  rename(from: string, to: string): Promise<void>;

  /** Durable after {@link syncNames}. A file that is open stays readable. @throws QuorateError `NOT_FOUND` */
  remove(name: string): Promise<void>;

  /** Makes durable which files there are. */
  syncNames(): Promise<void>;

  /**
   * Takes the folder for one owner, until disposed or until the owner's process is gone.
   *
   * @throws QuorateError `ALREADY_OPEN`, which names the owner where it is known
   */
  lock(): Promise<AsyncDisposable>;
}
