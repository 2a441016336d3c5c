/**
 * A busy neighbour: a process that computes in bursts and reads all over some memory, as a build or a browser does.
 *
 * It is on a core for some 85 % of the time, in bursts of 20 to 400 ms, and ends when its parent does. The bursts are drawn
 * from the seed that it is started with.
 */
import { seededRandom } from '@quorate/core';

const random = seededRandom(Number(process.argv[2] ?? 1));
const memory = new Float64Array(4 * 1024 * 1024);
let at = 0;

function burst(): void {
  const untilMs = performance.now() + 20 + random.below(380);
  while (performance.now() < untilMs) {
    for (let turn = 0; turn < 10_000; turn++) {
      at = (at * 1_103_515_245 + 12_345) & (memory.length - 1);
      memory[at] = (memory[at] as number) + turn;
    }
  }
  setTimeout(burst, 5 + random.below(60));
}

process.once('disconnect', () => process.exit(0));
burst();
