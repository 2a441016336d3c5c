import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { threadId } from 'node:worker_threads';
import { errorCode, QuorateError, systemClock } from '@quorate/core';
import { diskError } from './disk-error.ts';

/** Names the owner for people, and is the lock itself where files can be opened exclusively. */
export const lockName = 'owner.lock';

/** Opening takes an exclusive flock, on macOS and the BSDs; Node has no name for it. */
const openExclusively = 0x20;

/**
 * Takes a folder for one owner. The kernel keeps the lock and lets it go with the process, however that ends: a socket in
 * the abstract namespace on Linux, a named pipe on Windows, an exclusively opened file elsewhere. Each of them refuses
 * another process, another thread, and another handle in the same thread alike.
 *
 * On Linux the name is seen in one network namespace only: containers that share a folder must share that, too.
 *
 * @throws QuorateError `ALREADY_OPEN`, which names the owner
 */
export async function lockFolder(folder: string): Promise<AsyncDisposable> {
  const file = path.join(folder, lockName);
  const { dev, ino } = fs.statSync(folder, { bigint: true });
  const id = `quorate-journal-${dev.toString(16)}-${ino.toString(16)}`;
  if (process.platform === 'linux') return lockBySocket(`\0${id}`, folder, file);
  if (process.platform === 'win32') return lockBySocket(`\\\\.\\pipe\\${id}`, folder, file);
  return lockByFile(folder, file);
}

async function lockBySocket(name: string, folder: string, file: string): Promise<AsyncDisposable> {
  const server = net.createServer(socket => socket.destroy());
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      // Exclusive: a worker of node:cluster would else be given a share of its primary's socket.
      server.listen({ path: name, exclusive: true }, resolve);
    });
  } catch (error) {
    if (errorCode(error) === 'EADDRINUSE') throw alreadyOpen(folder, file);
    throw new QuorateError('IO_FAILED', `Folder "${folder}" could not be locked`, {
      outcome: 'not-applied',
      cause: error,
    });
  }
  server.unref();
  writeOwner(() => fs.writeFileSync(file, owner()));
  return {
    async [Symbol.asyncDispose]() {
      if (!server.listening) return;
      await new Promise<void>(resolve => {
        server.close(() => resolve());
      });
    },
  };
}

async function lockByFile(folder: string, file: string): Promise<AsyncDisposable> {
  let fd: number | undefined;
  try {
    const { O_RDWR, O_CREAT, O_NONBLOCK } = fs.constants;
    fd = fs.openSync(file, O_RDWR | O_CREAT | O_NONBLOCK | openExclusively, 0o644);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'EAGAIN' || code === 'EWOULDBLOCK') throw alreadyOpen(folder, file);
    throw diskError(error, `the lock of "${folder}"`, 'not-applied');
  }
  const locked = fd;
  writeOwner(() => {
    fs.ftruncateSync(locked);
    fs.writeSync(locked, owner());
  });
  return {
    async [Symbol.asyncDispose]() {
      if (fd !== undefined) fs.closeSync(fd);
      fd = undefined;
    },
  };
}

/** The owner is written down for people alone: a disk that is full or read-only must not keep the journal shut. */
function writeOwner(write: () => void): void {
  try {
    write();
  } catch {
    // Whoever is refused is told of "another process or thread".
  }
}

/** Who holds the lock: a process id alone may be somebody else's by the time that it is read. */
function owner(): string {
  const startedMs = Math.round(systemClock.wallMs() - process.uptime() * 1000);
  return `${JSON.stringify({ pid: process.pid, threadId, startedMs, bootId: systemClock.bootId })}\n`;
}

function alreadyOpen(folder: string, file: string): QuorateError {
  return new QuorateError('ALREADY_OPEN', `Folder "${folder}" is open in ${readOwner(file)}`, {
    outcome: 'not-applied',
    retryable: true,
  });
}

/** The owner as it wrote itself down, if it has come to that. */
function readOwner(file: string): string {
  try {
    const { pid, threadId: thread, startedMs } = JSON.parse(fs.readFileSync(file, 'utf8'));
    const started = new Date(Number(startedMs)).toISOString();
    return `process ${Number(pid)}, thread ${Number(thread)}, which began at ${started}`;
  } catch {
    return 'another process or thread';
  }
}
