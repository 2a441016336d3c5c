import type { LeaseHandle, MessageId } from '@quorate/core';
import { expect, test } from 'vitest';
import { type QueueStep, workOf } from '../src/queue/queue-request.ts';

const queue = 'jobs/a';
const lease = { queue, id: 'a' as MessageId, token: 1n } as LeaseHandle;
const bodyOf = (bytes: number) => ({ queue, message: { body: new Uint8Array(bytes) } });
const leaseOf = (messagesMax: number): QueueStep => {
  const query = { messagesMax, leaseMs: 1, lanes: undefined, owner: 'me', startedMax: 0 };
  return { do: 'lease', queue, query, host: 'h' };
};

test.each<[QueueStep, 'little' | 'much']>([
  [{ do: 'put', puts: Array.from({ length: 15 }, () => bodyOf(100)) }, 'little'],
  [{ do: 'put', puts: [bodyOf(100_000)] }, 'much'],
  [leaseOf(100), 'little'],
  [leaseOf(1000), 'much'],
  [{ do: 'settle', settlements: [{ lease, action: { type: 'acknowledge' } }] }, 'little'],
  [
    {
      do: 'settle',
      settlements: [{ lease, action: { type: 'acknowledge' }, puts: [bodyOf(50_000), bodyOf(50_000)] }],
    },
    'much',
  ],
  [{ do: 'remove', queue, ids: Array.from({ length: 100 }, () => lease.id) }, 'much'],
  [{ do: 'abandon', queue, owner: 'me' }, 'much'],
  [{ do: 'purge', queue, until: undefined }, 'much'],
  [{ do: 'repair', cell: 1 }, 'much'],
])('how much there is to do is known before it is done: %o', (step, much) => {
  expect(workOf({ step }) <= 16).toBe(much === 'little');
});
