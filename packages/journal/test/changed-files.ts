import type { Disk, DiskFile } from '@quorate/core';

/** A disk whose files are changed on their way to the journal. */
export function withFiles(disk: Disk, change: (file: DiskFile) => Partial<DiskFile>): Disk {
  return {
    capabilities: disk.capabilities,
    open: async (name, options) => changed(await disk.open(name, options), change),
    list: () => disk.list(),
    rename: (from, to) => disk.rename(from, to),
    remove: name => disk.remove(name),
    syncNames: () => disk.syncNames(),
    lock: () => disk.lock(),
  };
}

function changed(file: DiskFile, change: (file: DiskFile) => Partial<DiskFile>): DiskFile {
  const own: DiskFile = {
    name: file.name,
    get size() {
      return file.size;
    },
    write: (chunks, offset) => file.write(chunks, offset),
    sync: () => file.sync(),
    ...(file.writeDurably && {
      writeDurably: (chunks: readonly Uint8Array[], offset: number) => file.writeDurably?.(chunks, offset),
    }),
    read: (into, offset) => file.read(into, offset),
    allocate: size => file.allocate(size),
    truncate: size => file.truncate(size),
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  };
  return Object.defineProperties(own, Object.getOwnPropertyDescriptors(change(file)));
}
