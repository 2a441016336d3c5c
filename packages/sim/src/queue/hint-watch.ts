import { boundedWait, errorCode, sleep } from '@quorate/core';
import type { Device } from '../device.ts';
import { drawChance } from '../device-wait.ts';
import type { SimStoreOptions } from '../store/sim-store.ts';
import type { StoreLink } from '../store/store-link.ts';
import type { HintAnswer, HintKind, SimQueueService } from './sim-queue-service.ts';

/** How long a client rests before it asks again. */
const restMs = 100;

/** What a watch stands on. */
export interface HintContext {
  readonly device: Device;
  readonly service: SimQueueService;
  readonly link: StoreLink<SimQueueService>;
  readonly options: SimStoreOptions;
}

/** Tells names as the service does, by asking again and again; what a real connection would miss is drawn. */
export function watchHints(
  context: HintContext,
  kind: HintKind,
  prefix: string,
  tell: (name: string) => void,
): Disposable {
  const controller = new AbortController();
  void listen(context, kind, prefix, tell, controller.signal);
  return { [Symbol.dispose]: () => controller.abort() };
}

async function listen(
  { device, service, link, options }: HintContext,
  kind: HintKind,
  prefix: string,
  tell: (name: string) => void,
  signal: AbortSignal,
): Promise<void> {
  let after = service.position(prefix);
  while (!signal.aborted) {
    try {
      const answer = await boundedWait(options.clock, { signal }, 'not-applied', () =>
        link.exchange<HintAnswer>(
          (each, resolve) => each.watch(kind, prefix, after, resolve),
          service.watchUs,
        ),
      );
      after = answer.upTo;
      const { names = [prefix] } = answer;
      const isMissed = drawChance(device, 'queue.hint-missed', options.resyncChance ?? 0);
      if (!isMissed) for (const name of names) tell(name);
    } catch (thrown) {
      if (errorCode(thrown) === 'UNAVAILABLE') await sleep(options.clock, restMs, { signal }).catch(() => {});
      else if (errorCode(thrown) !== 'ABORTED') throw thrown;
    }
  }
}
