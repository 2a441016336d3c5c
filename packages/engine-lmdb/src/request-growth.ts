import type { QueueStep } from './queue/queue-request.ts';
import type { StoreRequest } from './store-request.ts';

/** Whether something is to come in. What takes away, or moves what is there, is carried out where there is hardly room. */
export function isGrowth(request: StoreRequest): boolean {
  if (request.type === 'queue') return isGrowthOfQueues(request.step);
  return request.type === 'batch'
    ? request.writes.some(write => 'value' in write)
    : growing.has(request.type);
}

const growing: ReadonlySet<StoreRequest['type']> = new Set(['put', 'enqueue', 'add', 'open-session']);

function isGrowthOfQueues(step: QueueStep): boolean {
  if (step.do === 'write') return step.write.value !== undefined;
  if (step.do !== 'settle') return step.do === 'put';
  return step.settlements.some(
    ({ puts = [], state = [] }) => puts.length > 0 || state.some(({ value }) => value !== undefined),
  );
}
