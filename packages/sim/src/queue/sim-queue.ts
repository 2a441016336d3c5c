import { driveQueue, drivePartitions, type QueueStore } from '@quorate/core';
import type { Device } from '../device.ts';
import { neverSettles } from '../device-wait.ts';
import type { SimStoreOptions } from '../store/sim-store.ts';
import { StoreLink } from '../store/store-link.ts';
import { watchHints } from './hint-watch.ts';
import type { SimQueueService } from './sim-queue-service.ts';

/** A client of the service, for one start of one node. The steps of one call are one request. */
export function openSimQueue(device: Device, service: SimQueueService, options: SimStoreOptions): QueueStore {
  const link = new StoreLink(device, service, options, 'queue');
  const context = { device, service, link, options };
  const driver = drivePartitions({
    capabilities: service.capabilities,
    now: () => link.call(each => each.nowMs()),
    steps: steps => link.call(each => steps.map(step => each.step(step))),
    watchQueue: (queue, onReady) => watchHints(context, 'ready', queue, () => onReady()),
    watchState: (prefix, onChange) => watchHints(context, 'state', prefix, onChange),
    async [Symbol.asyncDispose]() {
      if (!device.alive) return neverSettles();
    },
  });
  return driveQueue(driver, { clock: options.clock });
}
