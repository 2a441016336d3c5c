import type { QueuePut } from '@quorate/core';
import type { QueueStep } from './queue/queue-request.ts';
import type { StoreRequest } from './store-request.ts';

/** What a change may take beside its bytes, in bytes: a page of each table that it is in. */
const changeBytes = 24 * 1024;

/** The most that a batch may take of the disk, in bytes; 0 where it takes room away, or moves what is there. */
export function growthOf(batch: readonly StoreRequest[]): number {
  let bytes = 0;
  for (const request of batch) bytes += growthOfOne(request);
  return bytes;
}

function growthOfOne(request: StoreRequest): number {
  if (request.type === 'queue') return growthOfStep(request.step);
  if (request.type === 'put') return sizeOf(request.write.value);
  if (request.type === 'enqueue') return sizeOf(request.value);
  if (request.type === 'add' || request.type === 'open-session') return changeBytes;
  if (request.type !== 'batch') return 0;
  return request.writes.reduce((sum, write) => sum + ('value' in write ? sizeOf(write.value) : 0), 0);
}

function growthOfStep(step: QueueStep): number {
  if (step.do === 'put') return sizeOfPuts(step.puts);
  if (step.do === 'write') return step.write.value === undefined ? 0 : sizeOf(step.write.value);
  if (step.do !== 'settle') return 0;
  let bytes = 0;
  for (const { puts = [], state = [] } of step.settlements) {
    bytes += sizeOfPuts(puts);
    for (const { value } of state) bytes += value === undefined ? 0 : sizeOf(value);
  }
  return bytes;
}

function sizeOfPuts(puts: readonly QueuePut[]): number {
  let bytes = 0;
  for (const { message } of puts) {
    bytes += sizeOf(message.body);
    for (const [name, value] of Object.entries(message.headers ?? {}))
      bytes += 3 * (name.length + value.length);
  }
  return bytes;
}

/** A large value has pages of its own. */
function sizeOf(value: Uint8Array): number {
  return changeBytes + value.length;
}
