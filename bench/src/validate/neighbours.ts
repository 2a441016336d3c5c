import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Busy processes that are there until they are disposed of. */
export interface Neighbours extends Disposable {
  readonly pids: readonly number[];
}

/** Keeps `count` busy processes beside whatever runs. They end with this process, however it ends. */
export function startNeighbours(count: number, seed: number): Neighbours {
  const children = Array.from({ length: count }, (_, index) =>
    fork(fileURLToPath(new URL('neighbour.ts', import.meta.url)), [String(seed + index)], {
      execArgv: [],
      stdio: 'ignore',
    }),
  );
  return {
    pids: children.flatMap(({ pid }) => pid ?? []),
    [Symbol.dispose]: () => {
      for (const child of children) child.kill('SIGKILL');
    },
  };
}
