import type { MessageId, NewMessage, WaitOptions } from '@quorate/core';
import { Sender } from '../messages/sender.ts';
import type { QueuesContext } from '../queues-options.ts';
import { redrivenHeader, targetOf } from './move-back.ts';
import { removedCount } from './removed-count.ts';

/** For how long a put whose answer was lost is made again. */
const rememberMs = 60_000;

/**
 * Puts one dead letter back, and then takes it out: by its id, so that nothing else is touched, whatever stands before it. For
 * those that cannot be leased, because much stands before them or one of their key, so that they cannot be moved.
 *
 * What makes it right is the order: who dies in between leaves it in both places, never in none. Whoever does it again finds what was
 * put by its id and mark, as long as that waits or is handled, and puts nothing then. The removal is not made again where its answer
 * is lost: by then another letter may stand there under this id.
 *
 * @returns whether it was there
 * @throws QuorateError `UNAVAILABLE` where nobody knows whether it was taken out
 */
export async function redriveOne(
  context: QueuesContext,
  queue: string,
  id: MessageId,
  to: string | undefined,
  origin: string,
  wait: WaitOptions,
): Promise<boolean> {
  const { inspect } = context.store;
  const found = await inspect.get(queue, id, wait);
  if (found === undefined) return false;
  const { body, headers, lane, key, putAtMs } = found;
  const target = targetOf(found, to, origin);
  const mark = `${putAtMs}`;
  const message: NewMessage = {
    rememberMs,
    body,
    headers: { ...headers, [redrivenHeader]: mark },
    lane,
    ...(key === undefined ? {} : { key }),
  };
  const sender = new Sender({ ...context, rememberMs, inFlightMaxBytes: Number.POSITIVE_INFINITY });
  // An id of the engine's cannot be put under; another message may have taken it; or it is remembered, and its message is gone.
  const names = id.startsWith('~') ? [`redriven${id}.${mark}`] : [id, `${id}.${mark}`];
  for (const name of names) {
    const put = { queue: target, message: { ...message, id: name as MessageId } };
    const sent = await sender.send(put, wait);
    if (!sent.duplicate) break;
    const there = await inspect.get(target, name as MessageId, wait);
    if (there?.headers[redrivenHeader] === mark) break;
  }
  removedCount(queue, await inspect.remove(queue, [id], wait));
  return true;
}
