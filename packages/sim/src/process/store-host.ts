import type { NodeId } from '@quorate/core';
import { HostDevice, HostDice } from '../engine/host-device.ts';
import { Incarnation } from '../engine/incarnation.ts';
import type { World } from '../engine/world.ts';
import { SimQueueService } from '../queue/sim-queue-service.ts';
import { SimStoreService } from '../store/sim-store-service.ts';

/** Where the services of a run live that keep stores and queues: a host of its own that never fails, and that partitions can cut hosts off from. */
export class StoreHost {
  readonly service: SimStoreService;
  readonly queues: SimQueueService;
  /** How many partitions cut a host off now. */
  readonly #cuts: Map<string, number> = new Map();

  constructor(world: World) {
    const life = new Incarnation(world.lane, 1);
    const device = new HostDevice(world, life, new HostDice(world, 'store'), 'store');
    const reachable = (node: NodeId): boolean => (this.#cuts.get(node) ?? 0) === 0;
    this.service = new SimStoreService(device, { expiryLateMaxUs: 500_000, sweepLateMaxUs: 200_000 });
    this.service.reachable = reachable;
    this.queues = new SimQueueService(device, reachable);
  }

  cut(host: string): void {
    this.#cuts.set(host, (this.#cuts.get(host) ?? 0) + 1);
  }

  heal(host: string): void {
    this.#cuts.set(host, (this.#cuts.get(host) ?? 0) - 1);
  }
}
