import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { openDatabase } from '../src/host/open-database.ts';
import { testFolder } from './lmdb-subject.ts';

const folder = testFolder();
afterAll(() => folder[Symbol.dispose]());

const counter = Buffer.from('counter');

test('nothing that is written gets lost while others open the database', async () => {
  const path = `${folder.path}/counter`;
  const database = openDatabase({ folder: path, durability: 'os' });
  database.transactionSync(() => void database.put(counter, Buffer.from('0')));
  await database.close();
  const child = (...words: readonly string[]) => {
    const process = fork(new URL('./open-child.ts', import.meta.url), [path, ...words]);
    onTestFinished(() => void process.kill('SIGKILL'));
    return process;
  };
  const openers = [child(), child()];
  const codes = await Promise.all([child('10000'), child('10000')].map(writer => once(writer, 'exit')));
  expect(codes).toEqual([
    [0, null],
    [0, null],
  ]);
  expect(openers.map(({ exitCode }) => exitCode)).toEqual([null, null]);
  const after = openDatabase({ folder: path, durability: 'os' });
  expect(after.getBinaryFast(counter)?.toString()).toBe('20000');
  await after.close();
});

test('who waits for the gate has it when its holder dies', async () => {
  const path = `${folder.path}/dead`;
  const database = openDatabase({ folder: path, durability: 'os' });
  const holder = fork(new URL('./lock-child.ts', import.meta.url), [path, '.']);
  onTestFinished(() => void holder.kill('SIGKILL'));
  await once(holder, 'message');
  holder.kill('SIGKILL');
  expect(database.transactionSync(() => 'in')).toBe('in');
  await database.close();
});

test('what a loss of power made of an earlier boot’s gate is not looked at', async () => {
  const path = `${folder.path}/torn`;
  const torn = `${path}/gate-earlier`;
  mkdirSync(torn, { recursive: true });
  writeFileSync(`${torn}/data.mdb`, Buffer.alloc(8192));
  const database = openDatabase({ folder: path, durability: 'fsync' });
  expect(database.transactionSync(() => 'in')).toBe('in');
  expect(existsSync(torn)).toBe(false);
  await database.close();
});
