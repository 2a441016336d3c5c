import type { StreamApi } from '../stream-api.ts';
import type { QueueSubjects } from './queue-subjects.ts';

/**
 * The server's time, in ms since 1970. From 2.10 on it says so; before, it is asked when it stored a message.
 *
 * @throws QuorateError `UNAVAILABLE`, `STORE_REFUSED`
 */
export async function askTime(api: StreamApi, subjects: QueueSubjects): Promise<number> {
  const told = await api.timeTold();
  if (told !== undefined) return told;
  for (;;) {
    await api.publish({ subject: subjects.time, bytes: new Uint8Array(), isRollup: true });
    // Another client may have asked since: that is later still.
    const stored = await api.lastOf(subjects.time);
    if (stored !== undefined) return Math.floor(stored.wallMs);
  }
}
