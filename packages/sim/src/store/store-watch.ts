import { boundedWait, errorCode, ownedEntry, type Revision, sleep, type StoreEvent } from '@quorate/core';
import type { Device } from '../device.ts';
import { drawChance } from '../device-wait.ts';
import type { SimStoreOptions } from './sim-store.ts';
import type { SimStoreService, WatchAnswer } from './sim-store-service.ts';
import type { StoreLink } from './store-link.ts';

/** How long a client rests before it asks again. */
const restMs = 100;

/** What a watch stands on. */
export interface WatchContext {
  readonly device: Device;
  readonly service: SimStoreService;
  readonly link: StoreLink<SimStoreService>;
  readonly options: SimStoreOptions;
}

/**
 * Watches by asking again and again for what came after the last that is known. Nothing is missed that way, so what a real
 * connection would miss is drawn: then it says `resync`, and goes on after what was missed.
 */
export async function* watchStore(
  { device, service, link, options }: WatchContext,
  prefix: string,
  from: Revision,
  signal: AbortSignal,
): AsyncGenerator<StoreEvent> {
  let after = from;
  while (!signal.aborted) {
    const position = after;
    const answer = await answered(options, signal, () =>
      link.exchange<WatchAnswer>((_, resolve) => service.watch(prefix, position, resolve), service.watchUs),
    );
    if (answer === undefined) continue;
    const isMissed = drawChance(device, 'store.resync', options.resyncChance ?? 0);
    after = answer.upTo;
    if (isMissed || answer.changes === undefined) {
      yield { type: 'resync' };
      continue;
    }
    for (const { type, entry, revision } of answer.changes) {
      if (signal.aborted) return;
      yield { type, entry: ownedEntry(entry), revision };
    }
  }
}

/** The answer; undefined where there was none, once it is time to look again. */
async function answered(
  { clock }: SimStoreOptions,
  signal: AbortSignal,
  ask: () => Promise<WatchAnswer>,
): Promise<WatchAnswer | undefined> {
  try {
    return await boundedWait(clock, { signal }, 'not-applied', ask);
  } catch (thrown) {
    if (errorCode(thrown) === 'ABORTED') return undefined;
    if (errorCode(thrown) !== 'UNAVAILABLE') throw thrown;
    await sleep(clock, restMs, { signal }).catch(() => {});
    return undefined;
  }
}
