import fs, {
  existsSync,
  fstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import type { MessageId } from '@quorate/core';
import { ABORT } from 'lmdb';
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { FileRoom } from '../src/host/file-room.ts';
import { prepareDatabase } from '../src/host/database-life.ts';
import { DatabaseWriter } from '../src/host/database-writer.ts';
import { LmdbBytes, type LmdbDatabase } from '../src/host/lmdb-bytes.ts';
import { LoggedBytes } from '../src/host/logged-bytes.ts';
import { machineTime } from '../src/host/machine-time.ts';
import { takeCheckpoint } from '../src/host/queue-checkpoint.ts';
import { QueueLog } from '../src/host/queue-log.ts';
import { type StoreFolder, storeFolder } from '../src/host/store-folder.ts';
import type { WriterOrder, WriterResult } from '../src/host/writer-protocol.ts';
import { QueueView } from '../src/queue/queue-view.ts';
import { testFolder } from './lmdb-subject.ts';

const testFiles = testFolder();
afterAll(() => testFiles[Symbol.dispose]());

const queue = 'jobs/a';
const time = machineTime();
const tell = (): void => {};
const maxBytes = 1e9;
/** What fits into no file that something was appended to. */
const large = 4 * 1024 ** 2;

interface Boot {
  readonly folder: StoreFolder;
  readonly database: LmdbDatabase;
  readonly log: QueueLog;
  readonly writer: DatabaseWriter;
  readonly reserve: (ceiling: number) => void;
  readonly room: FileRoom;
}

/** What a boot of the machine begins with, which finds no database of an earlier one that was closed. */
function boot(path: string, bootId: string): Boot {
  const folder = storeFolder(path, 'fsync', bootId, true);
  const order = { folder: folder.database, parent: folder.path, host: bootId, log: folder.log };
  const { database, reserve, room } = prepareDatabase({ ...order, durability: 'os' } as WriterOrder);
  onTestFinished(() => database.close());
  const own = { folder, database, reserve, room };
  return { ...own, ...anotherProcess(own) };
}

/** What each process of the boot has of its own. */
function anotherProcess({
  folder,
  database,
  reserve,
  room,
}: Omit<Boot, 'log' | 'writer'>): Pick<Boot, 'log' | 'writer'> {
  const log = new QueueLog(folder.log as string, folder.database);
  onTestFinished(() => log[Symbol.dispose]());
  return {
    log,
    writer: new DatabaseWriter(database, room, { time, maxBytes, reserve }, { log, tell }),
  };
}

function put(writer: DatabaseWriter, id: string, size = 1): WriterResult {
  const message = { id: id as MessageId, body: new Uint8Array(size) };
  const step = { do: 'put', puts: [{ queue, message }] } as const;
  const [result] = writer.run([{ type: 'queue', maxBytes, step }]).results;
  return result as WriterResult;
}

/** What the next boot finds. */
function ids(path: string): string[] {
  const view = new QueueView(new LmdbBytes(boot(path, 'next').database), time);
  return view.messages(queue, { state: undefined, cursor: undefined, limit: 10 }).items.map(({ id }) => id);
}

/** A database with some functions of its own. */
function withOwn(database: LmdbDatabase, own: Partial<Record<keyof LmdbDatabase, unknown>>): LmdbDatabase {
  return new Proxy(database, {
    get(target, name) {
      const value: unknown =
        name in own ? own[name as keyof LmdbDatabase] : Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** One whose first commit fails, after which something else happens. */
function failingOnce(database: LmdbDatabase, then: () => void): LmdbDatabase {
  let isFailing = true;
  const transactionSync = (run: () => unknown): unknown => {
    if (!isFailing) return database.transactionSync(run);
    isFailing = false;
    database.transactionSync(() => {
      run();
      return ABORT;
    });
    then();
    throw new Error('The commit failed');
  };
  return withOwn(database, { transactionSync });
}

describe('a transaction that was appended and not committed', () => {
  test('by a process that died is not taken for the next one, which begins another file', () => {
    const path = testFiles.fresh();
    const { database, log, writer } = boot(path, 'one');
    put(writer, 'a');
    const bytes = new LmdbBytes(database);
    database.transactionSync(() => {
      const written = new LoggedBytes(bytes);
      written.put(Buffer.from('~of the dead'), Buffer.from('1'));
      log.append(bytes, written);
      return ABORT;
    });
    put(writer, 'b', large);
    put(writer, 'c');
    expect(ids(path)).toEqual(['a', 'b', 'c']);
  });

  test.each([1, large])('is nothing: no later boot carries it out, of %i bytes', size => {
    const path = testFiles.fresh();
    const own = boot(path, 'one');
    put(own.writer, 'a');
    const { writer } = anotherProcess({ ...own, database: failingOnce(own.database, () => {}) });
    expect(put(writer, 'b', size)).toMatchObject({ thrown: { outcome: 'not-applied' } });
    expect(ids(path)).toEqual(['a']);
  });

  test('is nothing either where the database has no room to say that it was appended', () => {
    const path = testFiles.fresh();
    const own = boot(path, 'one');
    put(own.writer, 'a');
    const full = (key: Uint8Array, value: Uint8Array): unknown => {
      if (key.length === 1 && key[0] === 0x6f) throw new Error('MDB_MAP_FULL');
      return own.database.put(key, value);
    };
    const { writer } = anotherProcess({ ...own, database: withOwn(own.database, { put: full }) });
    expect(put(writer, 'b')).toMatchObject({ thrown: { code: 'STORAGE_FULL', outcome: 'not-applied' } });
    expect(ids(path)).toEqual(['a']);
  });

  test('leaves alone what another process has appended in its place since', () => {
    const path = testFiles.fresh();
    const own = boot(path, 'one');
    put(own.writer, 'a');
    const database = failingOnce(own.database, () => put(own.writer, 'b'));
    expect(put(anotherProcess({ ...own, database }).writer, 'c')).toMatchObject({
      thrown: { outcome: 'unknown' },
    });
    put(own.writer, 'd');
    expect(ids(path)).toEqual(['a', 'b', 'd']);
  });
});

describe('what is made durable', () => {
  /** Notes which files and folders a function of the file system was called with, by their inodes. */
  function noted(name: 'fdatasyncSync' | 'fsyncSync'): number[] {
    const inodes: number[] = [];
    const original = fs[name];
    const spy = vi.spyOn(fs, name).mockImplementation(descriptor => {
      inodes.push(fstatSync(descriptor).ino);
      original(descriptor);
    });
    syncBuiltinESMExports();
    onTestFinished(() => {
      spy.mockRestore();
      syncBuiltinESMExports();
    });
    return inodes;
  }

  test('is the message of another process that a put of the same id is told of', () => {
    const own = boot(testFiles.fresh(), 'one');
    const other = anotherProcess(own);
    put(own.writer, 'a');
    const synced = noted('fdatasyncSync');
    expect(put(other.writer, 'a')).toMatchObject({ value: [{ duplicate: true }] });
    expect(synced).toContain(statSync(join(own.folder.log as string, 'log-2')).ino);
  });

  test('is that a file is in its folder, whoever made it', () => {
    const own = boot(testFiles.fresh(), 'one');
    const log = own.folder.log as string;
    writeFileSync(join(log, 'log-2'), new Uint8Array(large));
    const synced = noted('fsyncSync');
    put(own.writer, 'a');
    expect(synced).toContain(statSync(log).ino);
  });

  test('is not what a sync fails for: nobody knows, also where it is for want of room', () => {
    class FullLog extends QueueLog {
      override sync(): void {
        throw new Error('ENOSPC: no space left on device, fdatasync');
      }
    }
    const { folder, database, reserve } = boot(testFiles.fresh(), 'one');
    using log = new FullLog(folder.log as string);
    const room = new FileRoom(folder.database);
    const writer = new DatabaseWriter(database, room, { time, maxBytes, reserve }, { log, tell });
    expect(put(writer, 'a')).toMatchObject({ thrown: { code: 'UNAVAILABLE', outcome: 'unknown' } });
  });
});

/** Has the next syncs of files fail. */
function failing(count: number): void {
  let left = count;
  const original = fs.fdatasyncSync;
  const spy = vi.spyOn(fs, 'fdatasyncSync').mockImplementation(descriptor => {
    if (left-- > 0) throw new Error('EIO: i/o error, fdatasync');
    original(descriptor);
  });
  syncBuiltinESMExports();
  onTestFinished(() => {
    spy.mockRestore();
    syncBuiltinESMExports();
  });
}

/** As it is after a loss of power, where the kernel dropped what it could not write. */
function loseLog({ folder }: Boot): void {
  writeFileSync(join(folder.log as string, 'log-2'), new Uint8Array(large));
}

describe('after a sync that failed', () => {
  test('nothing is lost that was put before and since, though nothing of that log is left', () => {
    const path = testFiles.fresh();
    const own = boot(path, 'one');
    const other = anotherProcess(own);
    put(own.writer, 'a');
    failing(1);
    expect(put(own.writer, 'b')).toMatchObject({ thrown: { code: 'UNAVAILABLE', outcome: 'unknown' } });
    expect(put(other.writer, 'c')).toMatchObject({ value: [{ duplicate: false }] });
    expect(put(own.writer, 'd')).toMatchObject({ value: [{ duplicate: false }] });
    loseLog(own);
    expect(ids(path)).toEqual(['a', 'b', 'c', 'd']);
  });

  test('nothing is appended until a copy is in place of what may be missing', () => {
    const path = testFiles.fresh();
    const own = boot(path, 'one');
    put(own.writer, 'a');
    failing(3);
    put(own.writer, 'b');
    expect(put(own.writer, 'c')).toMatchObject({ thrown: { code: 'UNAVAILABLE', outcome: 'not-applied' } });
    expect(put(own.writer, 'd')).toMatchObject({ value: [{ duplicate: false }] });
    loseLog(own);
    expect(ids(path)).toEqual(['a', 'b', 'd']);
  });
});

describe('a file of the log that may have a gap', () => {
  test('is not gone on from, where it was to end when its sync failed', () => {
    const path = testFiles.fresh();
    const own = boot(path, 'one');
    put(own.writer, 'a');
    failing(1);
    expect(put(own.writer, 'b', large)).toMatchObject({ thrown: { outcome: 'not-applied' } });
    expect(put(own.writer, 'c', large)).toMatchObject({ value: [{ duplicate: false }] });
    loseLog(own);
    expect(ids(path)).toEqual(['a', 'c']);
  });

  test('is mended also when another process has begun the next one', () => {
    const path = testFiles.fresh();
    const own = boot(path, 'one');
    put(own.writer, 'a');
    failing(2);
    expect(put(own.writer, 'b')).toMatchObject({ thrown: { outcome: 'unknown' } });
    put(anotherProcess(own).writer, 'c', large);
    expect(put(own.writer, 'd')).toMatchObject({ value: [{ duplicate: false }] });
    loseLog(own);
    expect(ids(path)).toEqual(['a', 'b', 'c', 'd']);
  });

  test('is mended at once when another descriptor hears of the failure, before somebody opens the file who does not', () => {
    const path = testFiles.fresh();
    const own = boot(path, 'one');
    put(own.writer, 'a');
    // Each descriptor that was open hears of it once; this one by the sync that ends the file.
    failing(1);
    own.writer.mend(2);
    expect(put(anotherProcess(own).writer, 'b')).toMatchObject({ value: [{ duplicate: false }] });
    loseLog(own);
    expect(ids(path)).toEqual(['a', 'b']);
  });

  test('makes nobody believe that what is in it already is durable', () => {
    const path = testFiles.fresh();
    const own = boot(path, 'one');
    put(own.writer, 'a');
    failing(2);
    expect(put(own.writer, 'b')).toMatchObject({ thrown: { outcome: 'unknown' } });
    expect(put(own.writer, 'b')).toMatchObject({ value: [{ duplicate: true }] });
    loseLog(own);
    expect(ids(path)).toEqual(['a', 'b']);
  });
});

test('a boot deletes what is left of those before, and nothing else', () => {
  const path = testFiles.fresh();
  put(boot(path, 'one').writer, 'a');
  mkdirSync(join(path, 'boot-zero.new-1-1'));
  mkdirSync(join(path, 'boot-next.new-1-1'));
  expect(ids(path)).toEqual(['a']);
  expect(readdirSync(path).filter(name => name.startsWith('boot'))).toEqual([
    'boot-next',
    'boot-next.new-1-1',
  ]);
});

describe('checkpoints', () => {
  const folderOf = (path: string, bootId: string): StoreFolder => storeFolder(path, 'fsync', bootId, true);

  /** A database whose copy is a text, once there may be one. */
  function copying(text: string, from: Promise<void> = Promise.resolve()): LmdbDatabase {
    const backup = async (copy: string): Promise<void> => {
      await from;
      writeFileSync(join(copy, 'data.mdb'), text);
    };
    return { backup } as unknown as LmdbDatabase;
  }

  test('of a process that was stopped replace none that was taken since', async () => {
    const folder = folderOf(testFiles.fresh(), 'one');
    const { promise, resolve } = Promise.withResolvers<void>();
    const late = takeCheckpoint(copying('old', promise), folder, 17);
    await takeCheckpoint(copying('new'), folder, 33);
    resolve();
    await late.catch(() => {});
    const { database } = folderOf(folder.path, 'two');
    expect(readFileSync(join(database, 'data.mdb'), 'utf8')).toBe('new');
  });

  test('are due also where a batch is carried out one by one, as one of it has no room', () => {
    const own = boot(testFiles.fresh(), 'one');
    const noRoom = (key: Uint8Array, value: Uint8Array): unknown => {
      if (Buffer.from(value).includes('no room')) throw new Error('MDB_MAP_FULL');
      return own.database.put(key, value);
    };
    const { writer } = anotherProcess({ ...own, database: withOwn(own.database, { put: noRoom }) });
    const puts = (body: Uint8Array) =>
      ({ type: 'queue', maxBytes, step: { do: 'put', puts: [{ queue, message: { body } }] } }) as const;
    const purge = { type: 'queue', maxBytes, step: { do: 'purge', queue, until: undefined } } as const;
    const most = new Uint8Array(0.75 * large);
    for (let file = 2; file < 17; file++) {
      for (const request of [puts(most), purge]) expect(writer.run([request]).checkpoint).toBe(undefined);
    }
    const { results, checkpoint } = writer.run([puts(Buffer.from('no room')), puts(most)]);
    expect(results.map(result => 'thrown' in result)).toEqual([true, false]);
    expect(checkpoint).toBe(17);
  });

  test('take along what was left of those before, finished or not', async () => {
    const folder = folderOf(testFiles.fresh(), 'one');
    const left = ['checkpoint-17', 'checkpoint-17.new-1', 'log/log-32', 'log/log-32.new-1-1'];
    for (const name of [...left, 'log/log-33']) writeFileSync(join(folder.path, name), '');
    await takeCheckpoint(copying('new'), folder, 33);
    expect(left.filter(name => existsSync(join(folder.path, name)))).toEqual([]);
    expect(existsSync(join(folder.path, 'log/log-33'))).toBe(true);
  });
});
