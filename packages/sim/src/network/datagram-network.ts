import type { GroupId, SendResult, TransportHandlers } from '@quorate/core';
import type { Incarnation } from '../engine/incarnation.ts';
import type { Delivery } from './delivery.ts';
import type { Endpoint } from './endpoint.ts';
import type { Link } from './link.ts';
import { Network } from './network.ts';

/**
 * Messages as UDP carries them: each on its own, so that it may be lost, come twice, come late or come changed. There are no
 * connections: everybody counts as connected from the start, and nobody hears that a peer is gone.
 */
export class DatagramNetwork extends Network {
  override readonly connected = false;

  override listen(endpoint: Endpoint, incarnation: Incarnation, handlers: TransportHandlers): void {
    super.listen(endpoint, incarnation, handlers);
    for (const peer of this.endpoints) {
      if (peer !== endpoint && peer.listed) this.tell(endpoint, told => told.onConnect?.(peer.id));
    }
  }

  send(link: Link, bytes: Uint8Array, group: GroupId): SendResult {
    if (link.full || this.isFull(link, bytes)) return 'full';
    const { weather, world } = this;
    const delivery = this.pack(link, bytes, group);
    if (link.blocked > 0) this.drop(delivery, 'partition');
    else if (weather.lossChance > 0 && link.loss.chance(weather.lossChance)) this.drop(delivery, 'lost');
    else {
      if (
        weather.duplicateChance > 0 &&
        world.tape.chance(link.label('duplicate'), weather.duplicateChance)
      ) {
        this.#route(this.copy(delivery));
      }
      this.#route(delivery);
    }
    return 'sent';
  }

  #route(delivery: Delivery): void {
    const { link } = delivery;
    const { weather, world } = this;
    if (weather.corruptChance > 0 && world.tape.chance(link.label('corrupt'), weather.corruptChance)) {
      corrupt(delivery, world.tape.random(`${link.label('bits')}#${delivery.message}`).uint32());
    }
    if (link.clogged > 0) {
      this.hold(delivery);
      return;
    }
    const delayUs = weather.latency.drawUs(link.latency);
    const late =
      weather.reorderChance > 0 && world.tape.chance(link.label('reorder'), weather.reorderChance)
        ? world.tape.between(link.label('late'), 0, weather.delayMaxUs)
        : 0;
    // Whoever is not held up is not overtaken either: reordering is a fault of its own.
    if (late > 0) this.launch(delivery, delayUs + late);
    else this.launchInOrder(delivery, delayUs);
  }
}

/** Changes one bit, or one in each of a few bytes. */
function corrupt(delivery: Delivery, word: number): void {
  const { bytes } = delivery;
  if (bytes.length === 0) return;
  delivery.corrupted = true;
  const count = 1 + (word >>> 30);
  for (let index = 0; index < count; index++) {
    const at = (Math.imul(word, index + 1) >>> 8) % bytes.length;
    bytes[at] = (bytes[at] as number) ^ (1 << ((word >>> (3 * index)) & 7));
  }
}
