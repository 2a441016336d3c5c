import type { GroupId, SendResult, TransportHandlers } from '@quorate/core';
import type { Incarnation } from '../engine/incarnation.ts';
import type { Delivery } from './delivery.ts';
import type { Endpoint } from './endpoint.ts';
import type { Link } from './link.ts';
import { strikes } from './latency.ts';
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
    const { weather } = this;
    const delivery = this.pack(link, bytes, group);
    // Drawn for every message, so that what happens to one moves nothing for the next.
    const word = link.latency.word();
    if (link.blocked > 0) this.drop(delivery, 'partition');
    else if (weather.lossChance > 0 && link.loss.decide(strikes(word, weather.lossChance))) {
      this.drop(delivery, 'lost');
    } else {
      const delayUs = weather.latency.ofWordUs(link.latency, word);
      if (weather.duplicateChance > 0 && link.draw('duplicate').chance(weather.duplicateChance)) {
        this.#route(this.copy(delivery), weather.latency.drawUs(link.latency));
      }
      this.#route(delivery, delayUs);
    }
    return 'sent';
  }

  #route(delivery: Delivery, delayUs: number): void {
    const { link } = delivery;
    const { weather, world } = this;
    if (weather.corruptChance > 0 && link.draw('corrupt').chance(weather.corruptChance)) {
      corrupt(delivery, world.tape.random(`${link.label('bits')}#${delivery.message}`).uint32());
    }
    if (link.clogged > 0) {
      this.hold(delivery);
      return;
    }
    const late =
      weather.reorderChance > 0 && link.draw('reorder').chance(weather.reorderChance)
        ? link.draw('late').between(0, weather.delayMaxUs)
        : 0;
    // Whoever is not held up is not overtaken either: reordering is a fault of its own.
    if (late > 0) this.launch(delivery, delayUs + late);
    else this.launchInOrder(delivery, delayUs);
  }
}

/** Changes one bit, or up to four: different ones, so that none is changed back. */
function corrupt(delivery: Delivery, word: number): void {
  const { bytes } = delivery;
  if (bytes.length === 0) return;
  delivery.corrupted = true;
  const bitCount = 8 * bytes.length;
  const count = 1 + (word >>> 30);
  const step = 1 + ((word >>> 8) % Math.floor((bitCount - 1) / 3));
  for (let index = 0; index < count; index++) {
    const bit = ((word % bitCount) + index * step) % bitCount;
    bytes[bit >>> 3] = (bytes[bit >>> 3] as number) ^ (1 << (bit & 7));
  }
}
