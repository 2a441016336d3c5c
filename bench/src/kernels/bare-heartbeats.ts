import type { Random } from '@quorate/core';
import type { Kernel } from '../suite.ts';
import { BareEventLoop } from './bare-event-loop.ts';

const nodes = 5;
const periodUs = 100_000;
const latencies = 1024;

/** Five nodes that tell each other every 100 ms that they live, on a {@link BareEventLoop}: an event is a timer or a message. */
export function bareHeartbeats(random: Random, simulatedMs: number): Kernel {
  // Drawn beforehand: this loop pays for nothing but the heap.
  const delaysUs = Array.from({ length: latencies }, () => 200 + random.below(2000));
  const run = (): { readonly events: number; readonly digest: number } => {
    const loop = new BareEventLoop();
    const heardUs = new Float64Array(nodes * nodes);
    let drawn = 0;
    const beat = (self: number): void => {
      for (let peer = 0; peer < nodes; peer++) {
        if (peer === self) continue;
        loop.after(delaysUs[drawn++ % latencies] as number, () => {
          heardUs[peer * nodes + self] = loop.nowUs;
        });
      }
      loop.after(periodUs, () => beat(self));
    };
    for (let self = 0; self < nodes; self++) beat(self);
    loop.runUntil(simulatedMs * 1000);
    return { events: loop.events, digest: heardUs.reduce((sum, value) => sum + value) | 0 };
  };
  return { ops: run().events, run: () => run().digest };
}
