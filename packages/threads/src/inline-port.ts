import type { Port, PortEvent } from './port.ts';
import type { Schedule } from './schedule.ts';

/** Names the place of a port inside a cloned message. */
const portMark = 'quorate:port';

/** What both ports of an inline channel may hear. */
type PortListenerOf<Type extends string> = Type extends 'message'
  ? (event: PortEvent<unknown>) => void
  : () => void;

/**
 * One end of an inline channel, apart from the port object that owns it: transferring a port gives its end a new owner.
 * Each scheduled step delivers the oldest message, so messages keep their order under any schedule.
 */
class InlineEnd {
  readonly #schedule: Schedule;
  readonly queue: { readonly data: unknown }[] = [];
  peer: InlineEnd | undefined;
  owner: InlinePort | undefined;
  started = false;
  #steps = 0;

  constructor(schedule: Schedule) {
    this.#schedule = schedule;
  }

  /** Called as a plain function: a browser's `queueMicrotask` refuses to be anybody's method. */
  later(step: () => void): void {
    const schedule = this.#schedule;
    schedule(step);
  }

  receive(data: unknown): void {
    this.queue.push({ data });
    this.pump();
  }

  pump(): void {
    while (this.started && this.#steps < this.queue.length) {
      this.#steps++;
      this.later(() => this.#deliver());
    }
    if (this.started && this.queue.length === 0 && this.peer === undefined) this.later(() => this.#end());
  }

  #deliver(): void {
    this.#steps--;
    if (!this.started) return; // The port was transferred meanwhile; its new owner starts again.
    const event = this.queue.shift();
    if (event !== undefined) this.owner?.dispatch(event);
    if (this.queue.length === 0 && this.peer === undefined) this.#end();
  }

  /** The other end is gone: whatever was posted before still comes first, and a port on its way hears of it where it is started. */
  peerClosed(): void {
    this.peer = undefined;
    this.pump();
  }

  #end(): void {
    if (!this.started) return;
    const { owner } = this;
    this.owner = undefined;
    this.started = false;
    owner?.ended();
  }
}

/** The inline counterpart of the platform's `MessagePort`, with the same rules for cloning, transfer, order and closing. */
export class InlinePort implements Port {
  #end: InlineEnd | undefined;
  readonly #onMessage: Set<PortListenerOf<'message'>> = new Set();
  readonly #onClose: Set<PortListenerOf<'close'>> = new Set();

  /** The ports that the clone under way may move, with their places in its transfer list. */
  static #travelling: ReadonlyMap<InlinePort, number> = new Map();

  constructor(end: InlineEnd) {
    this.#end = end;
    end.owner = this;
    // Structured clone reads this property: it yields the port's place while the port travels, and refuses otherwise, which
    // is what the platform does with a port that is not in the transfer list.
    Object.defineProperty(this, portMark, {
      enumerable: true,
      get: (): number => {
        const place = InlinePort.#travelling.get(this);
        if (place === undefined) {
          throw new DOMException(
            'A port is not in the transfer list, and ports are not copied',
            'DataCloneError',
          );
        }
        return place;
      },
    });
  }

  postMessage(message: unknown, transfer: readonly object[] = []): void {
    const { peer } = this.#end ?? {};
    if (transfer.includes(this)) throw new DOMException('A port cannot transfer itself', 'DataCloneError');
    const copy = cloneInline(message, transfer);
    peer?.receive(copy);
  }

  start(): void {
    if (this.#end === undefined || this.#end.started) return;
    this.#end.started = true;
    this.#end.pump();
  }

  close(): void {
    const end = this.#end;
    if (end === undefined) return;
    this.#end = undefined;
    end.started = false;
    end.owner = undefined;
    end.peer?.peerClosed();
    end.later(() => this.#tellClosed());
  }

  addEventListener(type: 'message', listener: (event: PortEvent<unknown>) => void): void;
  addEventListener(type: 'messageerror' | 'close', listener: () => void): void;
  addEventListener(type: string, listener: PortListenerOf<'message'> & PortListenerOf<'close'>): void {
    if (type === 'message') this.#onMessage.add(listener);
    else if (type === 'close') this.#onClose.add(listener);
  }

  removeEventListener(type: 'message', listener: (event: PortEvent<unknown>) => void): void;
  removeEventListener(type: 'messageerror' | 'close', listener: () => void): void;
  removeEventListener(type: string, listener: PortListenerOf<'message'> & PortListenerOf<'close'>): void {
    if (type === 'message') this.#onMessage.delete(listener);
    else if (type === 'close') this.#onClose.delete(listener);
  }

  /** Called by the end that this port owns. */
  dispatch(event: PortEvent<unknown>): void {
    for (const listener of this.#onMessage) listener(event);
  }

  /** Called by the end that this port owned, when the other side has closed. */
  ended(): void {
    if (this.#end === undefined) return;
    this.#end = undefined;
    this.#tellClosed();
  }

  #tellClosed(): void {
    for (const listener of this.#onClose) listener();
  }

  /** Runs `clone` with `ports` allowed to travel. */
  static travel<T>(ports: readonly InlinePort[], clone: () => T): T {
    if (new Set(ports).size < ports.length)
      throw new DOMException('A port is twice in the transfer list', 'DataCloneError');
    for (const port of ports) {
      if (port.#end === undefined)
        throw new DOMException('A port in the transfer list is closed or was transferred', 'DataCloneError');
    }
    const outer = InlinePort.#travelling;
    InlinePort.#travelling = new Map(ports.map((port, place) => [port, place]));
    try {
      return clone();
    } finally {
      InlinePort.#travelling = outer;
    }
  }

  /** Leaves this object dead and returns the one that takes its place. */
  detach(): InlinePort {
    const end = this.#end as InlineEnd;
    this.#end = undefined;
    end.started = false;
    return new InlinePort(end);
  }
}

/** Makes the two ports of an inline channel. */
export function createInlinePair<Left, Right>(
  schedule: Schedule,
): [left: Port<Left, Right>, right: Port<Right, Left>] {
  const left = new InlineEnd(schedule);
  const right = new InlineEnd(schedule);
  left.peer = right;
  right.peer = left;
  return [
    new InlinePort(left) as Port as Port<Left, Right>,
    new InlinePort(right) as Port as Port<Right, Left>,
  ];
}

/**
 * Clones a message as posting it to another thread would: copied, or moved where `transfer` says so; shared memory is shared.
 *
 * @throws DataCloneError (a `DOMException`) when the message holds what cannot be cloned
 */
export function cloneInline(message: unknown, transfer: readonly object[]): unknown {
  const ports = transfer.filter(item => item instanceof InlinePort);
  const others = transfer.filter(item => !(item instanceof InlinePort)) as ArrayBuffer[];
  const copy: unknown = InlinePort.travel(ports, () => structuredClone(message, { transfer: others }));
  if (ports.length === 0) return copy;
  const moved = ports.map(port => port.detach());
  return revive(copy, moved, new Set());
}

/** Puts the ports back where their marks are. The copy is ours alone, so it is changed in place. */
function revive(value: unknown, ports: readonly InlinePort[], seen: Set<object>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const place = (value as { [portMark]?: number })[portMark];
  if (place !== undefined) return ports[place];
  if (seen.has(value)) return value;
  seen.add(value);
  if (value instanceof Map) {
    for (const [key, item] of value) value.set(key, revive(item, ports, seen));
  } else if (value instanceof Set) {
    const items = [...value];
    value.clear();
    for (const item of items) value.add(revive(item, ports, seen));
  } else if (!ArrayBuffer.isView(value)) {
    const record = value as Record<string, unknown>;
    for (const key of Object.keys(record)) record[key] = revive(record[key], ports, seen);
  }
  return value;
}
