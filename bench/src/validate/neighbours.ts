import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Keeps `count` busy processes beside whatever runs until it is disposed of. */
export function startNeighbours(count: number, seed: number): Disposable {
  const children = Array.from({ length: count }, (_, index) =>
    fork(fileURLToPath(new URL('neighbour.ts', import.meta.url)), [String(seed + index)], {
      execArgv: [],
      stdio: 'ignore',
    }),
  );
  return {
    [Symbol.dispose]: () => {
      for (const child of children) child.kill('SIGKILL');
    },
  };
}
