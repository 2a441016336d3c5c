/**
 * A write-ahead log on disk for replicated logs: segments, chained checksums, group commit, snapshots, honest recovery.
 *
 * @packageDocumentation
 */
export { folderDisk, type FolderDiskOptions } from './host/folder-disk.ts';
export type { JournalOptions } from './journal-options.ts';
export { openJournal } from './open-journal.ts';
