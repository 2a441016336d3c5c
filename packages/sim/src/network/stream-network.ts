import type { GroupId, SendResult, TransportHandlers } from '@quorate/core';
import type { Incarnation } from '../engine/incarnation.ts';
import type { World } from '../engine/world.ts';
import { type Connection, joinLinks } from './connection.ts';
import type { Endpoint } from './endpoint.ts';
import type { Link } from './link.ts';
import { Network } from './network.ts';
import type { Weather } from './weather.ts';

/** How long a side without answers believes in its connection, in microseconds: TCP with keep-alive, or heartbeats. */
const timeoutMinUs = 500_000;
const timeoutMaxUs = 5_000_000;
/** How soon a host connects again. */
const connectMinUs = 200;
const connectMaxUs = 250_000;

/**
 * Messages as TCP carries them: in order and once while a connection lasts, and lost with it. A connection ends when a host
 * does, when it is reset, and when a partition outlasts the patience of either side; each side notices in its own time.
 */
export class StreamNetwork extends Network {
  override readonly connected = true;

  constructor(world: World, endpoints: readonly Endpoint[], weather: Weather) {
    super(world, endpoints, weather);
    joinLinks(endpoints.flatMap(endpoint => [...endpoint.links.values()]));
  }

  override listen(endpoint: Endpoint, incarnation: Incarnation, handlers: TransportHandlers): void {
    super.listen(endpoint, incarnation, handlers);
    (endpoint.links.get(endpoint.id) as Link).up = true;
    for (const link of endpoint.links.values()) this.#connect(link.connection);
  }

  override hangUp(endpoint: Endpoint, cause: string): void {
    for (const link of endpoint.links.values()) {
      const connection = link.connection;
      link.up = false;
      if (connection === undefined) link.epoch++;
      else this.#break(connection, cause);
    }
    super.hangUp(endpoint, cause);
  }

  override opened(link: Link): void {
    super.opened(link);
    this.#connect(link.connection);
  }

  override reset(link: Link): void {
    const connection = link.connection;
    if (connection?.state === 'up') this.#break(connection, 'reset');
  }

  /** A partition has begun: who waits for answers that do not come gives up after a while. */
  override cut(link: Link): void {
    const connection = link.connection;
    if (connection?.state !== 'up') return;
    const { epoch } = link;
    const patienceUs = this.world.tape.between(link.label('patience'), timeoutMinUs, timeoutMaxUs);
    this.world.at(this.world.nowUs + patienceUs, () => {
      if (connection.state === 'up' && link.epoch === epoch && link.blocked > 0) {
        this.#break(connection, 'timeout');
      }
    });
  }

  send(link: Link, bytes: Uint8Array, group: GroupId): SendResult {
    if (!link.up) {
      this.#want(link);
      return 'disconnected';
    }
    if (link.full || this.isFull(link, bytes)) return 'full';
    const { weather, world } = this;
    const delivery = this.pack(link, bytes, group);
    if (link.connection?.state === 'closing') this.drop(delivery, 'disconnected');
    else if (!link.open) this.hold(delivery);
    else {
      let delayUs = weather.latency.drawUs(link.latency);
      // A segment that is lost is sent again, and everything behind it waits.
      if (weather.lossChance > 0 && link.loss.chance(weather.lossChance)) delayUs += weather.delayMaxUs;
      const arrivalUs = Math.max(link.lastArrivalUs, world.nowUs + delayUs);
      link.lastArrivalUs = arrivalUs;
      this.launch(delivery, arrivalUs - world.nowUs);
    }
    return 'sent';
  }

  #want(link: Link): void {
    const connection = link.connection;
    if (connection === undefined || connection.wanted) return;
    connection.wanted = true;
    this.#connect(connection);
  }

  #connect(connection: Connection | undefined): void {
    if (connection?.state !== 'down' || !connection.wanted || !possible(connection)) return;
    connection.state = 'connecting';
    const delayUs = this.world.tape.between(connection.there.label('connect'), connectMinUs, connectMaxUs);
    this.world.at(this.world.nowUs + delayUs, () => {
      // Where it has become impossible, whatever makes it possible again tries anew.
      connection.state = 'down';
      if (possible(connection)) this.#establish(connection);
    });
  }

  #establish(connection: Connection): void {
    connection.state = 'up';
    for (const link of [connection.there, connection.back]) {
      link.up = true;
      link.epoch++;
      link.full = false;
      link.lastArrivalUs = this.world.nowUs;
      this.world.trace(link.from.lane, { type: 'connect', peer: link.to.id });
      this.tell(link.from, handlers => handlers.onConnect?.(link.to.id));
    }
  }

  #break(connection: Connection, cause: string): void {
    if (connection.state !== 'up') return;
    connection.state = 'closing';
    connection.unaware = 2;
    for (const link of [connection.there, connection.back]) {
      link.epoch++;
      for (const delivery of link.held) this.drop(delivery, 'disconnected');
      link.held = [];
      link.heldBytes = 0;
      this.#letNotice(connection, link, cause);
    }
  }

  /** One side hears of the end: soon after a reset, at once after its own timeout or end, late where nobody is left to tell. */
  #letNotice(connection: Connection, link: Link, cause: string): void {
    const { tape, nowUs } = this.world;
    const { incarnation } = link.from;
    const notice = (): void => {
      // Whoever was started again meanwhile knows of no connection.
      if (link.up) this.#disconnect(link, incarnation === link.from.incarnation, cause);
      if (--connection.unaware > 0) return;
      connection.state = 'down';
      this.#connect(connection);
    };
    if (!link.up || incarnation === undefined) {
      notice();
      return;
    }
    let delayUs = this.weather.latency.drawUs(link.latency);
    if (cause === 'crash' && tape.chance(link.label('silent'), 0.3)) {
      delayUs += tape.between(link.label('patience'), 0, timeoutMaxUs);
    }
    this.world.at(nowUs + delayUs, notice);
  }

  #disconnect(link: Link, known: boolean, cause: string): void {
    link.up = false;
    link.full = false;
    if (!known) return;
    this.world.trace(link.from.lane, { type: 'disconnect', peer: link.to.id });
    this.tell(link.from, handlers =>
      handlers.onDisconnect?.(link.to.id, new Error(`Disconnected: ${cause}`)),
    );
  }
}

function possible({ there, back }: Connection): boolean {
  return there.open && back.open && there.from.handlers !== undefined && there.to.handlers !== undefined;
}
