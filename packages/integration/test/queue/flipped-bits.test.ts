import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type MessageId, type Random, seededRandom, systemRandom } from '@quorate/core';
import { createLmdbQueueStore } from '@quorate/engine-lmdb';
import { expect, onTestFailed, onTestFinished, test } from 'vitest';
import type { FlippedTaken } from './flipped-child.ts';
import { flippedQueue, flippedText } from './flipped-text.ts';

const isLong = process.env['QUORATE_LONG'] !== undefined;
const trialCount = isLong ? 100 : 10;
const messageCount = 60;
const program = fileURLToPath(new URL('flipped-child.ts', import.meta.url));

/** Copies of a folder with messages: as an orderly end leaves it, and as a loss of power does, which leaves the log alone. */
async function makeStores(
  folder: string,
): Promise<readonly { readonly path: string; readonly file: string }[]> {
  const [database, log] = [join(folder, 'database'), join(folder, 'log')];
  await using store = await createLmdbQueueStore({ path: database });
  const puts = Array.from({ length: messageCount }, (_, index) => ({
    id: `id-${index}` as MessageId,
    headers: { number: `${index}` },
    body: Buffer.from(flippedText(`${index}`)),
  }));
  for (let from = 0; from < messageCount; from += 10) {
    await store.put(puts.slice(from, from + 10).map(message => ({ queue: flippedQueue, message })));
  }
  cpSync(database, log, { recursive: true, filter: source => !/hosts\/|boot-|\.new-/.test(source) });
  return [
    { path: database, file: 'queues/boot-*/data.mdb' },
    { path: log, file: 'queues/log/log-*' },
  ];
}

/** Flips one bit of what is written in a file: in a message, or anywhere. */
function flip(file: string, random: Random, isAnywhere: boolean): void {
  const content = readFileSync(file);
  const text = flippedText(`${random.below(messageCount)}`);
  const from = isAnywhere ? 0 : content.indexOf(text);
  const length = isAnywhere ? content.findLastIndex(byte => byte !== 0) + 1 : text.length;
  const at = from + random.below(length);
  content[at] = (content[at] as number) ^ (1 << random.below(8));
  writeFileSync(file, content);
}

/** What a process takes out of them. One that comes to its end by one of them has told of those before. */
async function takenFrom(paths: readonly string[]): Promise<readonly FlippedTaken[]> {
  const child = spawn(process.execPath, [program, ...paths], { stdio: ['ignore', 'pipe', 'ignore'] });
  let text = '';
  child.stdout.on('data', chunk => {
    text += String(chunk);
  });
  await once(child, 'close');
  const lines = text.split('\n').slice(0, -1);
  return lines.map(line => JSON.parse(line) as FlippedTaken);
}

/** Flips a bit in each of many copies, and takes out what they give. */
async function trials(folder: string, random: Random): Promise<readonly FlippedTaken[]> {
  const stores = await makeStores(folder);
  let copies = Array.from({ length: trialCount }, (_, trial) => {
    const { path, file } = stores[trial % stores.length]!;
    const copy = join(folder, `trial-${trial}`);
    cpSync(path, copy, { recursive: true });
    flip(join(copy, globSync(file, { cwd: copy })[0]!), random, trial % 5 === 4);
    return copy;
  });
  const taken: FlippedTaken[] = [];
  while (copies.length > 0) {
    const told = await takenFrom(copies);
    taken.push(...told);
    copies = copies.slice(told.length + 1);
  }
  return taken;
}

test('a bit that is flipped in the files of the queues on lmdb never makes another message of one', {
  timeout: 120_000 + trialCount * 2_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-flipped-'));
  const seed = systemRandom.uint32();
  onTestFailed(() => void process.stderr.write(`seed ${seed}\n`));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const taken = await trials(folder, seededRandom(seed));
  expect(taken.flatMap(({ wrong }) => wrong)).toEqual([]);
  // What is whole is there; of a log, what stands before the damage.
  const rightCount = taken.reduce((sum, each) => sum + each.rightCount, 0);
  expect(rightCount).toBeGreaterThan(messageCount);
});
