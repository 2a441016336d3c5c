import { lmdbIn } from '../store/engines.ts';
import { fileLockPairs } from './file-lock-pairs.ts';
import { lockPairs } from './lock-pairs.ts';
import type { Pairs } from './pairs.ts';
import type { PairsTask } from './processes.ts';

/** One of several processes: takes a task, says that it is ready, and does as many pairs as it is told, again and again. */
process.once('message', (task: PairsTask) => void serve(task));
process.once('disconnect', () => process.exit(1));

async function serve({ kind, path, things }: PairsTask): Promise<void> {
  const open = kind === 'files' ? fileLockPairs() : lockPairs(lmdbIn(path, kind));
  const pairs = await open();
  process.on('message', (request: { readonly pairs: number } | { readonly end: true }) => {
    if ('end' in request) void pairs.close().then(() => process.exit(0));
    else void answer(request.pairs);
  });
  const answer = async (count: number): Promise<void> => {
    process.send?.(await take(pairs, things, count));
  };
  process.send?.('ready');
}

/** Several chains of pairs, side by side. */
async function take(pairs: Pairs, things: number, count: number): Promise<number> {
  const chain = async (index: number): Promise<void> => {
    for (let turn = 0; turn < count / things; turn++) await pairs.pair(index);
  };
  await Promise.all(Array.from({ length: things }, async (_, index) => chain(index)));
  return count;
}
