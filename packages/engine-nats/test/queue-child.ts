/** A process of its own that puts and handles messages until it is killed, or leases one. Run by `queue-kills.test.ts`. */
import { connect } from '@nats-io/transport-node';
import { type LeasedMessage, type MessageId, systemRandom } from '@quorate/core';
import { createNatsQueueStore } from '../src/index.ts';

/** What a child says, over its channel. */
export type Said =
  | { readonly is: 'open' }
  /** A put was answered. */
  | { readonly is: 'put'; readonly id: string }
  /** It handles a message, which is not settled yet. */
  | { readonly is: 'handled'; readonly id: string; readonly token: string }
  | { readonly is: 'settled'; readonly outcome: string };

const [task, port, queue, owner, outMax] = process.argv.slice(2) as [string, string, string, string, string];
const connection = await connect({ port: Number(port), maxReconnectAttempts: -1 });
const store = await createNatsQueueStore({ connection });
const acknowledge = { type: 'acknowledge' } as const;

/** Settles when it is out of this process. */
const say = (said: Said): Promise<void> => new Promise(resolve => process.send?.(said, () => resolve()));

// Whoever started it may be gone without a word.
process.on('disconnect', () => process.exit());
await say({ is: 'open' });
if (task === 'work') await Promise.all([produce(), produce(), consume()]);
else await leaseAndWait();

async function produce(): Promise<void> {
  for (;;) {
    const id = Buffer.from(systemRandom.bytes(8)).toString('hex') as MessageId;
    const [result] = await store.put([{ queue, message: { id, body: Buffer.from(id) } }]);
    if (result?.outcome === 'applied') await say({ is: 'put', id });
  }
}

async function consume(): Promise<void> {
  for (;;) {
    const options = { messagesMax: Number(outMax), leaseMs: 600_000, owner, waitMs: 60_000 };
    const handle = async (lease: LeasedMessage): Promise<void> => {
      await say({ is: 'handled', id: lease.id, token: `${lease.token}` });
      await store.settle([{ lease, action: acknowledge }]);
    };
    await Promise.all((await store.lease(queue, options)).map(handle));
  }
}

/** Leases one message, and settles it when it is told to. */
async function leaseAndWait(): Promise<void> {
  const options = { messagesMax: 1, leaseMs: 300, owner, waitMs: 60_000 };
  const [lease] = await store.lease(queue, options);
  if (lease === undefined) return;
  process.once('message', () => {
    void store
      .settle([{ lease, action: acknowledge }])
      .then(([result]) => say({ is: 'settled', outcome: JSON.stringify(result) }));
  });
  await say({ is: 'handled', id: lease.id, token: `${lease.token}` });
}
