import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { groupId, type LogEntry, logIndex, term } from '@quorate/core';
import { folderDisk, openJournal } from '@quorate/journal';
import { open as openLmdb } from 'lmdb';
import { type Context, defineSuite, type Kernel, type Setup } from '../src/suite.ts';

const payloadBytes = 128;
const roomBytes = 64 * 1024 * 1024;
/** Durable writes in one call of a kernel. */
const writes = 4;

/** Why there is nothing to measure: memory has nothing to sync. */
function whyNot(): string | undefined {
  const tmpfs = 0x0102_1994;
  return fs.statfsSync(os.tmpdir()).type === tmpfs
    ? `the temporary folder ${os.tmpdir()} is in memory: set TMPDIR to one on a disk`
    : undefined;
}

/** A new folder for one kernel. */
function folder(): { readonly path: string; readonly remove: () => void } {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'quorate-bench-'));
  return { path: made, remove: () => fs.rmSync(made, { recursive: true, force: true }) };
}

/**
 * The obvious loop: write at the next place of a file with room, then sync. It writes the payloads alone, from one buffer that
 * stays in the cache: no header, no checksum, no index, and 64 of them are two whole pages. So it is a floor, not an equal.
 */
const bare =
  (mode: 'blocking' | 'pool'): Setup =>
  context => {
    const { path: root, remove } = folder();
    const data = new Uint8Array(payloadBytes * context.number('batch')).fill(7);
    const fd = fs.openSync(path.join(root, 'log'), 'wx+');
    const zeros = new Uint8Array(1024 * 1024);
    for (let at = 0; at < roomBytes; at += zeros.length) fs.writeSync(fd, zeros, 0, zeros.length, at);
    fs.fsyncSync(fd);
    let offset = 0;
    const next = (): number => {
      const at = offset + data.length > roomBytes ? 0 : offset;
      offset = at + data.length;
      return at;
    };
    const pooled = (): Promise<void> =>
      new Promise((resolve, reject) => {
        fs.write(fd, data, 0, data.length, next(), error => {
          if (error) reject(error);
          else fs.fdatasync(fd, failed => (failed ? reject(failed) : resolve()));
        });
      });
    const blocking = (): void => {
      fs.writeSync(fd, data, 0, data.length, next());
      fs.fdatasyncSync(fd);
    };
    return kernel(context, mode === 'pool' ? pooled : blocking, () => {
      fs.closeSync(fd);
      remove();
    });
  };

/** One write of the batch's entries, or one write for each entry, all of which share a sync. */
const journal =
  (mode: 'blocking' | 'pool', together: boolean): Setup =>
  async context => {
    const { path: root, remove } = folder();
    const batch = context.number('batch');
    const log = await openJournal({
      disk: folderDisk(root, { mode }),
      segmentBytes: roomBytes,
      firstSegmentBytes: roomBytes,
    });
    const group = groupId(1);
    const payload = new Uint8Array(payloadBytes).fill(7);
    let last = 0;
    let snapshot = 0;
    const entry = (): LogEntry => ({ index: logIndex(++last), term: term(1), kind: 0, payload });
    async function* nothing(): AsyncGenerator<Uint8Array> {}
    const entriesMax = roomBytes / 2 / payloadBytes;
    const write = async (): Promise<void> => {
      if (together) {
        await log.write({ group, entries: Array.from({ length: batch }, entry) });
      } else {
        await Promise.all(Array.from({ length: batch }, () => log.write({ group, entries: [entry()] })));
      }
      if (last - snapshot < entriesMax) return;
      // As in production: what a snapshot stands for is given back, and its room is used again.
      snapshot = last;
      const metadata = { index: logIndex(last), term: term(1), membership: new Uint8Array(0) };
      await log.saveSnapshot(group, metadata, nothing());
      await log.compact(group, logIndex(last));
    };
    return kernel(context, write, async () => {
      await log[Symbol.asyncDispose]();
      remove();
    });
  };

/** Entries under the next keys of a table, in one transaction that is on disk when it is done. */
const lmdb =
  (mode: 'blocking' | 'pool'): Setup =>
  context => {
    const { path: root, remove } = folder();
    const batch = context.number('batch');
    const table = openLmdb<Uint8Array, number>({ path: root, encoding: 'binary' });
    const payload = Buffer.alloc(payloadBytes, 7);
    let last = 0;
    const put = (): Promise<boolean> => table.put(last++ % 200_000, payload);
    const blocking = (): void => {
      table.transactionSync(() => {
        for (let count = 0; count < batch; count++) void put();
      });
    };
    const pooled = async (): Promise<void> => {
      let done: Promise<boolean> | undefined;
      for (let count = 0; count < batch; count++) done = put();
      await done;
      await table.flushed;
    };
    return kernel(context, mode === 'pool' ? pooled : blocking, async () => {
      await table.close();
      remove();
    });
  };

function kernel(
  context: Context,
  write: () => Promise<void> | void,
  close: () => void | Promise<void>,
): Kernel {
  const ops = writes * context.number('batch');
  return {
    ops,
    async run() {
      for (let count = 0; count < writes; count++) {
        const done = write();
        if (done !== undefined) await done;
      }
      return ops;
    },
    call: write,
    close,
  };
}

const unchecked = 'it measures the disk before anything else, and a disk is not the same twice';

export default defineSuite({
  name: 'journal',
  about:
    'Durable appends of entries of 128 bytes: ours, a bare loop of write and fdatasync, and durable LMDB.',
  benches: [
    {
      name: 'blocking',
      about: 'the thread waits for its disk',
      params: { batch: [1, 64] },
      unchecked,
      skip: whyNot,
      contenders: {
        '@quorate/journal': journal('blocking', true),
        '@quorate/journal, a write for each entry': journal('blocking', false),
        'write + fdatasync': bare('blocking'),
        'lmdb transactionSync': lmdb('blocking'),
      },
      goals: [
        { of: '@quorate/journal', to: 'write + fdatasync', atMost: 1 / 0.9 },
        { of: '@quorate/journal', to: 'lmdb transactionSync', atMost: 1 / 2 },
      ],
    },
    {
      name: 'pool',
      about: "writes and syncs run on libuv's pool",
      params: { batch: [1, 64] },
      unchecked,
      skip: whyNot,
      contenders: {
        '@quorate/journal': journal('pool', true),
        '@quorate/journal, a write for each entry': journal('pool', false),
        'write + fdatasync': bare('pool'),
        'lmdb put, flushed': lmdb('pool'),
      },
      goals: [
        { of: '@quorate/journal', to: 'write + fdatasync', atMost: 1 / 0.9 },
        { of: '@quorate/journal', to: 'lmdb put, flushed', atMost: 1 / 2 },
      ],
    },
  ],
});
