/**
 * A process of its own that puts messages and handles them until it is killed, or does what it is told over its channel. Run by
 * `queueChild`.
 */
import { type LeasedMessage, type MessageId, type QueueStore, systemRandom } from '@quorate/core';
import { createPostgresQueueStore } from '../src/index.ts';

/** What a child is told to do. */
export type QueueOrder =
  /** Puts messages and handles them, all at once, for ever. */
  | { readonly do: 'work' }
  /** Leases one message, and says so. */
  | { readonly do: 'lease'; readonly leaseMs: number }
  /** Acknowledges what it leased. */
  | { readonly do: 'settle' };

/** What a child answers. */
export type QueueAnswer =
  | { readonly is: 'open' }
  /** A put was answered. */
  | { readonly is: 'put'; readonly id: string }
  /** It is handling a message; told before the message is settled. */
  | { readonly is: 'handled'; readonly id: string; readonly token: string }
  | { readonly is: 'settled'; readonly outcome: string };

const [connectionString, queue, owner, outMax, leaseMs] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
];
const store: QueueStore = await createPostgresQueueStore({ connectionString, connectionsMax: 4 });
let held: LeasedMessage | undefined;

/** Settles when the answer is out of this process. */
const answer = (message: QueueAnswer): Promise<void> =>
  new Promise(resolve => process.send?.(message, () => resolve()));

process.on('message', (order: QueueOrder) => void carryOut(order));
// Whoever started it may be gone without a word.
process.on('disconnect', () => process.exit());
await answer({ is: 'open' });

async function carryOut(order: QueueOrder): Promise<void> {
  if (order.do === 'work') await Promise.all([produce(), produce(), consume()]);
  else if (order.do === 'lease') {
    [held] = await store.lease(queue, { messagesMax: 1, leaseMs: order.leaseMs, owner, waitMs: 60_000 });
    if (held !== undefined) await answer({ is: 'handled', id: held.id, token: `${held.token}` });
  } else if (held !== undefined) {
    const [result] = await store.settle([{ lease: held, action: { type: 'acknowledge' } }]);
    await answer({ is: 'settled', outcome: JSON.stringify(result) });
  }
}

async function produce(): Promise<void> {
  for (;;) {
    const id = Buffer.from(systemRandom.bytes(8)).toString('hex') as MessageId;
    const [result] = await store.put([{ queue, message: { id, body: Buffer.from(id), rememberMs: 60_000 } }]);
    if (result?.outcome === 'applied') await answer({ is: 'put', id });
  }
}

async function consume(): Promise<void> {
  for (;;) {
    const options = { messagesMax: Number(outMax), leaseMs: Number(leaseMs), owner, waitMs: 1_000 };
    const messages = await store.lease(queue, options);
    await Promise.all(
      messages.map(async lease => {
        await answer({ is: 'handled', id: lease.id, token: `${lease.token}` });
        await store.settle([{ lease, action: { type: 'acknowledge' } }]);
      }),
    );
  }
}
