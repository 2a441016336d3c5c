import type { StoreSubject } from '@quorate/conformance';
import { seededRandom, systemClock } from '@quorate/core';
import { createMemoryStore } from '../src/index.ts';

/** A memory of this process, on the system's clock. */
export function memorySubject(): StoreSubject {
  const memory = createMemoryStore();
  return {
    name: 'memory',
    clock: systemClock,
    random: seededRandom('memory'),
    ttlMs: 1000,
    open: async options => memory.open(options),
  };
}
