import { sleep, systemClock, systemRandom } from '@quorate/core';
import { createQueues } from '@quorate/queue';
import { openQueueStore, type StoreAddress } from '../engines.ts';
import type { Question, Said } from '../replication/told-process.ts';

/** What a worker says. */
export type WorkerNews =
  /** A send begins. */
  | { readonly did: 'begin'; readonly id: string }
  /** It was answered. */
  | { readonly did: 'send'; readonly id: string }
  /** A handler has begun. */
  | { readonly did: 'handle'; readonly id: string; readonly token: string }
  /** It is over, and its message is about to be acknowledged. */
  | { readonly did: 'end'; readonly id: string; readonly token: string }
  /** The acknowledgement was answered. */
  | { readonly did: 'settle'; readonly id: string; readonly token: string };

/** What it is asked: to send nothing for a while, and to go on; to send no more, and to wait until all it sent is answered for; or to end in order. */
export type WorkerAsk = 'rest' | 'send' | 'send no more' | 'end';

/** A process that sends and handles jobs until it is killed; one that hangs sends none, and handles its first for ever. */
const [addressText = '', queue = '', concurrencyText = '', leaseText = '', hangs] = process.argv.slice(2);
const store = await openQueueStore(JSON.parse(addressText) as StoreAddress);
const queues = createQueues({ store });
const producer = queues.producer<string>(queue);
const owner = `${process.pid}-${Buffer.from(systemRandom.bytes(4)).toString('hex')}`;
const state = { isSending: hangs === undefined, isResting: false };

/** Settles when it is out of this process. */
const say = (said: Said<WorkerNews>): Promise<void> =>
  new Promise(resolve => void process.send?.(said, () => resolve()));

const work = queues.consume<string>(
  queue,
  async ({ id, token }) => {
    await say({ said: 'news', news: { did: 'handle', id, token: `${token}` } });
    await (hangs === undefined ? sleep(systemClock, systemRandom.below(5)) : new Promise<never>(() => {}));
    await say({ said: 'news', news: { did: 'end', id, token: `${token}` } });
  },
  {
    concurrency: Number(concurrencyText),
    leaseMs: Number(leaseText),
    owner,
    onEvent(event) {
      if (event.type !== 'settled') return;
      const { id, token } = event.message;
      void say({ said: 'news', news: { did: 'settle', id, token: `${token}` } });
    },
  },
);

/** One job after the other, each until it is known to be there. */
async function send(name: string): Promise<void> {
  for (let count = 0; state.isSending; ) {
    if (state.isResting) {
      await sleep(systemClock, 20);
      continue;
    }
    const id = `${name}-${count++}`;
    await say({ said: 'news', news: { did: 'begin', id } });
    // One of unknown outcome is sent again under its id.
    const isSent = await producer.send('job', { id, rememberMs: 600_000, deadlineMs: 60_000 }).then(
      () => true,
      () => false,
    );
    if (isSent) await say({ said: 'news', news: { did: 'send', id } });
    else await sleep(systemClock, 20);
  }
}

const sending = Promise.all([0, 1, 2].map(index => send(`${owner}-${index}`)));

process.on('message', ({ number, ask }: Question<WorkerAsk>) => void carryOut(number, ask));
// Whoever started it may be gone without a word.
process.on('disconnect', () => process.exit());
await say({ said: 'ready' });

async function carryOut(number: number, ask: WorkerAsk): Promise<void> {
  state.isResting = ask === 'rest';
  if (ask === 'send no more' || ask === 'end') {
    state.isSending = false;
    await sending;
  }
  if (ask === 'end') {
    await work.drain();
    await queues[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
  }
  await say({ said: 'answer', number, value: true });
}
