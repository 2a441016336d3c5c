import { QuorateError, type StoreCapabilities } from '@quorate/core';
import type { Purpose } from './lock.ts';

/**
 * Refuses a store that cannot keep a lock whose loss breaks something.
 *
 * It must be linearizable, or two could be first in line. What it acknowledged must outlive the death of its processes (`memory`
 * does not), and that of the machine; at durability `os` it does not, but where fences survive the loss a fenced resource still
 * refuses the former holder, so that is let pass.
 *
 * @throws TypeError
 * @throws QuorateError `UNSUPPORTED`
 */
export function checkPurpose(purpose: Purpose, capabilities: StoreCapabilities): void {
  if (purpose === 'efficiency') return;
  if (purpose !== 'correctness')
    throw new TypeError(`Purpose must be "efficiency" or "correctness": received ${String(purpose)}`);
  const why = unfitness(capabilities);
  if (why === undefined) return;
  throw new QuorateError('UNSUPPORTED', `Store is not fit for locks that correctness depends on: ${why}`, {
    outcome: 'not-applied',
  });
}

function unfitness({ linearizable, durability, fenceSurvivesLoss }: StoreCapabilities): string | undefined {
  if (!linearizable) return 'it is not linearizable';
  if (durability === 'memory') return 'its durability is "memory", so that its locks end with its process';
  if (durability === 'os' && !fenceSurvivesLoss)
    return 'its durability is "os", and its fences do not survive a loss of data';
  return undefined;
}
