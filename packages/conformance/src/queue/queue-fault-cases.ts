import { errorCode, type LeasedMessage, type PutResult, type QuorateError } from '@quorate/core';
import { equal, ok } from '../expect.ts';
import { bytes } from '../store-stage.ts';
import type { QueueCase } from './queue-case.ts';
import { lost, messageOf, type QueueStage, textOf } from './queue-stage.ts';

/** How long one try of a call may take that is repeated. */
const deadlineMs = 500;

/** For longer than a case takes. */
const longMs = 600_000;

/** Calls until the queues can be reached. */
async function answered<Result>(stage: QueueStage, call: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await call();
    } catch (thrown) {
      if (!['UNAVAILABLE', 'DEADLINE_EXCEEDED'].includes(errorCode(thrown) ?? '')) throw thrown;
    }
    await stage.sleep(20);
  }
}

/** Calls until the queues can be reached and it is known what became of it. */
async function known<Result extends { readonly outcome: string }>(
  stage: QueueStage,
  call: () => Promise<Result>,
): Promise<Exclude<Result, { readonly outcome: 'unknown' }>> {
  for (;;) {
    const result = await answered(stage, call);
    if (result.outcome !== 'unknown') return result as Exclude<Result, { readonly outcome: 'unknown' }>;
    await stage.sleep(20);
  }
}

/** Puts one message under an id that is remembered, until it is known to be there; whether it was before. */
async function putOnce(stage: QueueStage, queue: string, id: string, store = stage.store): Promise<boolean> {
  const puts = [{ queue, message: messageOf(id, { id, rememberMs: longMs }) }];
  const result = await known(stage, async () => (await store.put(puts, { deadlineMs }))[0] as PutResult);
  return result.duplicate;
}

/** How many messages there are, whatever their state. */
async function left(stage: QueueStage, queue: string): Promise<number> {
  const { readyCount, delayedCount, leasedCount, heldCount } = await stage.store.inspect.depth(queue);
  return readyCount + delayedCount + leasedCount + heldCount;
}

/** What became of a call that could not be answered: what it told, or threw. */
function outcomeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    value => {
      const [first = value] = Array.isArray(value) ? value : [value];
      return (first as { outcome?: string } | undefined)?.outcome ?? 'answered';
    },
    (thrown: QuorateError) => thrown.outcome,
  );
}

/**
 * Breaks the connections of `store` again and again until all is done, and waits twice as long whenever nothing got through since
 * the last time.
 */
async function severing(
  stage: QueueStage,
  store: QueueStage['store'],
  progress: { readonly count: number; readonly isDone: boolean },
): Promise<void> {
  for (let pauseMs = 15, before = 0; !progress.isDone; before = progress.count) {
    await stage.subject.sever?.(store);
    await stage.sleep(pauseMs + (stage.random.uint32() % 30));
    pauseMs = progress.count === before ? pauseMs * 2 : 15;
  }
}

/** Links that fail, and servers that end. */
export const queueFaultCases: readonly QueueCase[] = [
  {
    name: 'behind a link that is cut every call settles by its deadline, and does not claim what it cannot know',
    needs: ['cut'],
    async run(stage) {
      const q = stage.queue();
      const store = await stage.open();
      await stage.put(q, 'held');
      const held = await stage.one(q, {}, store);
      await stage.subject.cut?.(store);
      const limit = { deadlineMs: 300 };
      const asks = [
        store.lease(q, { messagesMax: 1, leaseMs: 60_000, owner: 'o', ...limit }),
        store.lease(q, { messagesMax: 1, leaseMs: 60_000, owner: 'o', waitMs: 60_000, ...limit }),
        store.state.get(`${q}/x`, limit),
        store.inspect.depth(q, limit),
      ];
      const changes = [
        store.put([{ queue: q, message: messageOf('once', { id: 'once', rememberMs: longMs }) }], limit),
        store.settle([{ lease: held, action: { type: 'acknowledge' } }], limit),
        store.state.write({ key: `${q}/x`, value: bytes('1'), version: 0 }, limit),
      ];
      // Heard of from now on, also while the questions are awaited.
      const changed = Promise.all(changes.map(outcomeOf));
      const asked = await stage.within('questions settle', Promise.all(asks.map(outcomeOf)));
      equal(
        asked,
        asks.map(() => 'not-applied'),
        'what becomes of questions',
      );
      for (const outcome of await stage.within('changes settle', changed)) {
        ok(outcome === 'unknown' || outcome === 'not-applied', `what becomes of a change: ${outcome}`);
      }
      await stage.subject.heal?.(store);
      await stage.within('it is put again', putOnce(stage, q, 'once', store));
      const settled = await stage.within(
        'it is settled again',
        known(stage, async () => {
          const [result] = await store.settle([{ lease: held, action: { type: 'acknowledge' } }], {
            deadlineMs,
          });
          return result!;
        }),
      );
      ok(settled.outcome === 'applied' || settled.reason === 'lost', 'it is settled, or was');
      equal(await stage.drained(q), ['once'], 'what is left: what was put, once');
    },
  },
  {
    name: 'a message whose holder is behind a link that was cut goes to another, and the holder is told',
    timed: true,
    needs: ['cut'],
    async run(stage) {
      const q = stage.queue();
      const store = await stage.open();
      await stage.put(q, 'a');
      const first = await stage.one(q, { leaseMs: stage.leaseMs }, store);
      await stage.subject.cut?.(store);
      const second = await stage.one(q);
      ok(second.token > first.token, 'its token is higher');
      await stage.subject.heal?.(store);
      const late = await stage.within(
        'the first can settle again',
        known(stage, async () => {
          const [result] = await store.settle([{ lease: first, action: { type: 'acknowledge' } }], {
            deadlineMs,
          });
          return result!;
        }),
      );
      equal(late, lost, 'what the first is told');
      equal(await stage.settle(second), { outcome: 'applied' }, 'the second');
    },
  },
  {
    name: 'who waits for a message behind a link that was cut gets it when the link is back',
    needs: ['cut'],
    async run(stage) {
      const q = stage.queue();
      const store = await stage.open();
      const options = { messagesMax: 1, leaseMs: 60_000, owner: 'o', waitMs: Number.POSITIVE_INFINITY };
      const waiting = (async (): Promise<LeasedMessage> => {
        for (;;) {
          const [message] = await answered(stage, () => store.lease(q, options));
          if (message !== undefined) return message;
        }
      })();
      const watched = stage.within('it comes', waiting);
      watched.catch(() => {});
      await stage.sleep(50);
      await stage.subject.cut?.(store);
      await stage.put(q, 'a');
      await stage.sleep(50);
      await stage.subject.heal?.(store);
      equal(textOf(await watched), 'a', 'what comes');
    },
  },
  {
    name: 'over connections that break again and again each message is put once, in order',
    needs: ['sever'],
    async run(stage) {
      const q = stage.queue();
      const store = await stage.open();
      const progress = { count: 0, isDone: false };
      const putting = async (): Promise<void> => {
        for (; progress.count < 40; progress.count++) await putOnce(stage, q, `${progress.count}`, store);
        progress.isDone = true;
      };
      await stage.within('all is put', Promise.all([severing(stage, store, progress), putting()]));
      equal(await stage.drained(q), [...Array(40).keys()].map(String), 'what there is');
    },
  },
  {
    name: 'over connections that break again and again nothing is lost and nothing is acknowledged twice',
    needs: ['sever'],
    async run(stage) {
      const q = stage.queue();
      const texts = [...Array(30).keys()].map(String);
      for (const text of texts) await stage.put(q, text);
      const store = await stage.open();
      const acknowledged: string[] = [];
      const doubtful = new Set<string>();
      const progress = { count: 0, isDone: false };
      const taking = async (): Promise<void> => {
        const options = {
          messagesMax: 3,
          leaseMs: stage.leaseMs,
          owner: 'o',
          waitMs: stage.leaseMs,
          deadlineMs: 2000,
        };
        while ((await left(stage, q)) > 0) {
          for (const lease of await answered(stage, () => store.lease(q, options))) {
            const [result] = await answered(stage, () =>
              store.settle([{ lease, action: { type: 'acknowledge' } }], { deadlineMs }),
            );
            if (result?.outcome === 'applied') acknowledged.push(textOf(lease));
            if (result?.outcome === 'unknown') doubtful.add(textOf(lease));
            progress.count++;
          }
        }
        progress.isDone = true;
      };
      await stage.within('all is taken', Promise.all([severing(stage, store, progress), taking()]));
      equal(new Set(acknowledged).size, acknowledged.length, 'what was acknowledged, and what of it once');
      const told = new Set([...acknowledged, ...doubtful]);
      equal(
        texts.filter(text => !told.has(text)),
        [],
        'what went without anybody having settled it',
      );
    },
  },
  {
    name: 'what was put, remembered and recorded outlives the server, and tokens go on',
    applies: ({ durability }) => durability !== 'memory',
    needs: ['restart'],
    exclusive: true,
    async run(stage) {
      const q = stage.queue();
      const texts = [...Array(10).keys()].map(String);
      for (const text of texts) equal(await putOnce(stage, q, text), false, 'whether it was there');
      const version = await stage.write({ key: `${q}/record`, text: 'kept' });
      const [first] = await stage.lease(q, { messagesMax: 1, leaseMs: stage.leaseMs });
      await stage.within('the server ends and starts again', stage.subject.restart!());
      const again = await stage.within('it can be reached', putOnce(stage, q, '3'));
      equal(again, true, 'whether an id from before is known');
      const record = await stage.record(`${q}/record`);
      equal([record?.version, record && textOf({ body: record.value })], [version, 'kept'], 'the record');
      const seen: LeasedMessage[] = [];
      while (seen.length < texts.length) seen.push(await stage.one(q));
      equal(seen.map(textOf).sort(), texts, 'what there is');
      ok(
        seen.every(({ token }) => token > first!.token),
        'tokens are higher than before',
      );
    },
  },
  {
    name: 'where the data was lost a lease from before is worth nothing, though its message was put anew',
    needs: ['lose'],
    exclusive: true,
    async run(stage) {
      const q = stage.queue();
      await stage.put(q, 'before', { id: 'same' });
      const first = await stage.one(q);
      await stage.within('the server ends and starts again with nothing', stage.subject.lose!());
      await stage.within('it is put anew', putOnce(stage, q, 'same'));
      const second = await stage.one(q);
      ok(second.token > first.token, `tokens go on: ${second.token} after ${first.token}`);
      equal(await stage.settle(first), lost, 'the first holder');
      equal(await stage.settle(second), { outcome: 'applied' }, 'the second');
    },
  },
];
