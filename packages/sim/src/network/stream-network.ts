import type { GroupId, SendResult, TransportHandlers } from '@quorate/core';
import type { Incarnation } from '../engine/incarnation.ts';
import type { World } from '../engine/world.ts';
import { type Connection, joinLinks } from './connection.ts';
import type { Endpoint } from './endpoint.ts';
import type { Link } from './link.ts';
import { strikes } from './latency.ts';
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
      else if (link.unaware) this.#noticed(connection, link);
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
    const patienceUs = link.draw('patience').between(timeoutMinUs, timeoutMaxUs);
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
    const { weather } = this;
    const delivery = this.pack(link, bytes, group);
    if (link.connection?.state === 'closing') this.drop(delivery, 'disconnected');
    else if (!link.open) this.hold(delivery);
    else {
      const word = link.latency.word();
      let delayUs = weather.latency.ofWordUs(link.latency, word);
      // A segment that is lost is sent again, and everything behind it waits.
      if (weather.lossChance > 0 && link.loss.decide(strikes(word, weather.lossChance))) {
        delayUs += weather.delayMaxUs;
      }
      this.launchInOrder(delivery, delayUs);
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
    const delayUs = connection.there.draw('connect').between(connectMinUs, connectMaxUs);
    this.world.at(this.world.nowUs + delayUs, () => {
      // Where it has become impossible, whatever makes it possible again tries anew.
      connection.state = 'down';
      if (!possible(connection)) return;
      // Who stands still answers no handshake, and may go on at any time.
      if (connection.there.from.paused || connection.there.to.paused) this.#connect(connection);
      else this.#establish(connection);
    });
  }

  #establish(connection: Connection): void {
    connection.state = 'up';
    for (const link of [connection.there, connection.back]) {
      link.epoch++;
      const { epoch } = link;
      link.lastArrivalUs = this.world.nowUs;
      this.tell(link.from, handlers => {
        // It may be gone again before the host hears that it was there.
        if (link.epoch !== epoch) return;
        link.up = true;
        link.full = false;
        this.world.trace(link.from.lane, { type: 'connect', peer: link.to.id });
        handlers.onConnect?.(link.to.id);
      });
    }
  }

  #break(connection: Connection, cause: string): void {
    if (connection.state !== 'up') return;
    connection.state = 'closing';
    const links = [connection.there, connection.back];
    for (const link of links) {
      link.epoch++;
      for (const delivery of link.held) this.drop(delivery, 'disconnected');
      link.held = [];
      link.heldBytes = 0;
      link.unaware = link.up;
    }
    for (const link of links) {
      if (link.unaware) this.#letNotice(connection, link, cause);
      else this.#noticed(connection, link);
    }
  }

  /** A side hears of the end as its own event: soon, or late where nobody is left to tell it. */
  #letNotice(connection: Connection, link: Link, cause: string): void {
    let delayUs = this.weather.latency.drawUs(link.latency);
    if (cause === 'crash' && link.draw('silent').chance(0.3)) {
      delayUs += link.draw('patience').between(0, timeoutMaxUs);
    }
    this.tell(
      link.from,
      handlers => {
        if (!link.unaware) return;
        link.up = false;
        link.full = false;
        this.world.trace(link.from.lane, { type: 'disconnect', peer: link.to.id });
        this.#noticed(connection, link);
        handlers.onDisconnect?.(link.to.id, disconnected(cause));
      },
      delayUs,
    );
  }

  /** When both sides know, they connect again. */
  #noticed(connection: Connection, link: Link): void {
    link.unaware = false;
    if (connection.state !== 'closing' || connection.there.unaware || connection.back.unaware) return;
    connection.state = 'down';
    this.#connect(connection);
  }
}

function possible({ there, back }: Connection): boolean {
  return there.open && back.open && there.from.handlers !== undefined && there.to.handlers !== undefined;
}

/** What handlers are told. A connection that ends is nobody's mistake, so there is no stack, which costs more than the event. */
function disconnected(cause: string): Error {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  const error = new Error(`Disconnected: ${cause}`);
  Error.stackTraceLimit = stackTraceLimit;
  return error;
}
