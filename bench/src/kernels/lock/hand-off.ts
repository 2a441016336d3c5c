import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLocks } from '@quorate/lock';
import { median } from '../../statistics/quantile.ts';
import type { Quantity } from '../../suite.ts';
import { startProcess } from './processes.ts';

/** What a holder is told. */
export type HolderTask =
  | { readonly kind: 'lmdb'; readonly path: string; readonly name: string }
  | { readonly kind: 'socket'; readonly path: string };

/** Holders that are killed in each measured process. */
const kills = 5;

/** Until the successor stands in line and listens. Had it not, the time would be longer. */
const settleMs = 50;

/** From the `kill -9` of a process that holds a lock until another process, which waits in line, has it; ns, the median. */
export async function handOff(): Promise<Quantity> {
  return inFolder(async path => {
    const { createLmdbStore } = await import('@quorate/engine-lmdb');
    await using store = await createLmdbStore({ path, durability: 'os' });
    await using locks = createLocks({ store });
    // Awaited here, before what it uses is disposed of.
    return await killed(kills, async turn => {
      const name = `order:${turn}`;
      const { child } = await startProcess('holder-process.ts', { kind: 'lmdb', path, name });
      const wait = locks.mutex(name).acquire();
      await sleep(settleMs);
      return {
        child,
        handedOver: async () => {
          const lock = await wait;
          const atMs = performance.now();
          await lock.release();
          return atMs;
        },
      };
    });
  });
}

/** How long the system alone takes until a process hears that another was killed: their socket closes. */
export async function socketCloses(): Promise<Quantity> {
  return inFolder(async path => {
    const at = join(path, 'socket');
    await using server = createServer().listen(at);
    await once(server, 'listening');
    // Awaited here, before what it uses is disposed of.
    return await killed(kills, async () => {
      const connected = once(server, 'connection');
      const { child } = await startProcess('holder-process.ts', { kind: 'socket', path: at });
      const [socket] = await connected;
      socket.resume();
      const closed = once(socket, 'close').then(() => performance.now());
      return { child, handedOver: () => closed };
    });
  });
}

interface Held {
  readonly child: { readonly pid?: number | undefined; kill(signal: 'SIGKILL'): boolean };
  /** When somebody else had it. */
  readonly handedOver: () => Promise<number>;
}

/** So many processes are killed, one after the other; the median of the times until somebody else had what each held, ns. */
export async function killed(count: number, hold: (turn: number) => Promise<Held>): Promise<Quantity> {
  const times: number[] = [];
  for (let turn = 0; turn < count; turn++) {
    const { child, handedOver } = await hold(turn);
    const startMs = performance.now();
    child.kill('SIGKILL');
    times.push((await handedOver()) - startMs);
  }
  return { quantity: median(times) * 1e6 };
}

async function inFolder<Result>(use: (path: string) => Promise<Result>): Promise<Result> {
  const path = mkdtempSync(join(tmpdir(), 'quorate-bench-'));
  try {
    return await use(path);
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
}
