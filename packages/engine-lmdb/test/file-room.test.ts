import fs, { fstatSync, statSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import type { LeasedMessage, QueuePut } from '@quorate/core';
import { afterAll, expect, onTestFinished, test, vi } from 'vitest';
import { prepareDatabase } from '../src/host/database-life.ts';
import { DatabaseWriter } from '../src/host/database-writer.ts';
import { FileRoom } from '../src/host/file-room.ts';
import { machineTime } from '../src/host/machine-time.ts';
import { storeFolder } from '../src/host/store-folder.ts';
import type { WriterOrder } from '../src/host/writer-protocol.ts';
import type { QueueStep } from '../src/queue/queue-request.ts';
import type { StoreRequest } from '../src/store-request.ts';
import { testFolder } from './lmdb-subject.ts';

const folders = testFolder();
afterAll(() => folders[Symbol.dispose]());

const queue = 'jobs/a';
const mib = 1024 ** 2;
const maxBytes = 1e12;

/** A new database: what each process that writes to it has, how large its file is, and what makes its disk a full one. */
function begin() {
  const { path, database: folder } = storeFolder(folders.fresh(), 'os', 'one');
  const order = { folder, parent: path, host: 'one', durability: 'os', log: undefined };
  const { database, reserve } = prepareDatabase(order as WriterOrder);
  onTestFinished(() => database.close());
  const file = join(folder, 'data.mdb');
  return {
    writer: () =>
      new DatabaseWriter(database, new FileRoom(folder), { time: machineTime(), maxBytes, reserve }),
    size: () => statSync(file).size,
    fill: () => {
      const { ino } = statSync(file);
      const original = fs.writeSync as (descriptor: number, ...rest: unknown[]) => number;
      const spy = vi.spyOn(fs, 'writeSync').mockImplementation(((descriptor: number, ...rest: unknown[]) => {
        if (fstatSync(descriptor).ino === ino) throw new Error('ENOSPC: no space left on device, write');
        return original(descriptor, ...rest);
      }) as typeof fs.writeSync);
      syncBuiltinESMExports();
      onTestFinished(() => {
        spy.mockRestore();
        syncBuiltinESMExports();
      });
    },
  };
}

const asked = (step: QueueStep): StoreRequest => ({ type: 'queue', maxBytes, step });
const puts = (count: number, bodyBytes: number): StoreRequest => {
  const put: QueuePut = { queue, message: { body: new Uint8Array(bodyBytes) } };
  return asked({ do: 'put', puts: Array.from({ length: count }, () => put) });
};
const full = { thrown: { code: 'STORAGE_FULL', outcome: 'not-applied' } };

test('what moves large messages finds room for them, or is refused before the database needs it', () => {
  const { writer, size, fill } = begin();
  const own = writer();
  own.run([puts(12, mib)]);
  const query = { messagesMax: 12, leaseMs: 1e6, lanes: undefined, owner: 'me', startedMax: 0 };
  const [leased] = own.run([asked({ do: 'lease', queue, query, host: 'one' })]).results;
  const { messages } = (leased as { value: { messages: LeasedMessage[] } }).value;
  fill();
  const before = size();
  const action = { type: 'release', delayMs: 0 } as const;
  const release = asked({
    do: 'settle',
    settlements: messages.map(lease => ({ lease, action })),
  } as QueueStep);
  expect(own.run([release]).results).toMatchObject([full]);
  expect(size()).toBe(before);
  const acknowledge = messages.map(lease => ({ lease, action: { type: 'acknowledge' } }));
  const drain = asked({ do: 'settle', settlements: acknowledge } as QueueStep);
  expect(own.run([drain]).results).toMatchObject([{ value: messages.map(() => ({ outcome: 'applied' })) }]);
});

test('what one process has seen of room another takes, which the first one notices', () => {
  const { writer, size, fill } = begin();
  const writers = Array.from({ length: 12 }, writer);
  for (const own of writers) own.run([puts(1, 1)]);
  fill();
  const before = size();
  const results = writers.flatMap(own => own.run([puts(1, 900_000)]).results);
  expect(results.at(-1)).toMatchObject(full);
  expect(size()).toBe(before);
});

test('what is kept for many small messages is no multiple of what they take', () => {
  const { writer, size } = begin();
  expect(writer().run(Array.from({ length: 50 }, () => puts(200, 10))).results).toHaveLength(50);
  expect(size()).toBeLessThan(64 * mib);
});
