import type { QueuesContext } from '../queues-options.ts';
import { deadLettersOf } from '../dead-letters/dead-letter-name.ts';
import { localTurns, RateLimiter } from '../rate/rate-limiter.ts';
import { checkRate } from '../rate/rate.ts';
import { sharedTurns } from '../rate/shared-turns.ts';
import type { Limiter } from '../working/limiter.ts';
import { checkRetryPolicy, retryDelayMs } from '../working/retry-policy.ts';
import { startWork } from '../working/work-loop.ts';
import type { Work } from '../working/work.ts';
import { checkCodec } from './codec.ts';
import type { ConsumeOptions } from './consume-options.ts';
import { Idempotency } from './idempotency.ts';
import { MessageHandler, type MessageHandlerOptions } from './message-handler.ts';

/** Begins to consume a queue. @throws TypeError, RangeError; QuorateError `CLOSED` */
export function startConsuming(
  context: QueuesContext,
  queue: string,
  use: MessageHandlerOptions['use'],
  options: ConsumeOptions,
  limit: (limiter: Limiter | undefined) => Limiter | undefined = limiter => limiter,
): Work {
  const { store, clock, random, keeper, processes } = context;
  const {
    codec = context.codec,
    rate,
    idempotency,
    deadLetters = deadLettersOf(queue),
    ...settings
  } = options;
  checkCodec(codec);
  const retry = checkRetryPolicy(options.retry);
  const limiter = limit(rate && limiterOf(context, queue, rate));
  const handler = new MessageHandler({
    clock,
    codec,
    deadLetters,
    use,
    onUnused: () => limiter?.putBack?.(1),
    retryDelayMs: attempt => retryDelayMs(retry, attempt, random),
    idempotency: idempotency && new Idempotency(store, clock, queue, idempotency),
  });
  return startWork({
    processes,
    ...settings,
    store,
    clock,
    random,
    queue,
    handler,
    deadLetters,
    ...(limiter && { limiter }),
    ...(keeper && { keeper }),
  });
}

function limiterOf(
  context: QueuesContext,
  queue: string,
  options: NonNullable<ConsumeOptions['rate']>,
): Limiter {
  const { store, clock } = context;
  const rate = checkRate(options);
  const turns = rate.scope === 'local' ? localTurns(clock, rate) : sharedTurns(store, clock, queue, rate);
  return new RateLimiter(clock, rate, turns);
}
