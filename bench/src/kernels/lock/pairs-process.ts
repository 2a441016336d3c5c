import { lmdbIn } from '../store/engines.ts';
import { answerParent } from './answer-parent.ts';
import { fileLockPairs } from './file-lock-pairs.ts';
import { lockPairs } from './lock-pairs.ts';
import type { Pairs } from './pairs.ts';
import type { PairsTask } from './processes.ts';

type Order = { readonly pairs: number } | { readonly end: true };

/** One of several processes: takes a task, says that it is ready, and does as many pairs as it is told, again and again. */
let serving: { readonly pairs: Pairs; readonly things: number } | undefined;
answerParent(async (ask: PairsTask | Order) => {
  if ('kind' in ask) {
    const open = ask.kind === 'files' ? fileLockPairs() : lockPairs(lmdbIn(ask.path, ask.kind));
    serving = { pairs: await open(), things: ask.things };
    return 'ready';
  }
  if (serving === undefined) throw new Error('Process must have a task: it has none');
  const { pairs, things } = serving;
  if ('pairs' in ask) return take(pairs, things, ask.pairs);
  await pairs.close();
  return process.exit(0);
});

/** Several chains of pairs, side by side. */
async function take(pairs: Pairs, things: number, count: number): Promise<number> {
  const chain = async (index: number): Promise<void> => {
    for (let turn = 0; turn < count / things; turn++) await pairs.pair(index);
  };
  await Promise.all(Array.from({ length: things }, async (_, index) => chain(index)));
  return count;
}
