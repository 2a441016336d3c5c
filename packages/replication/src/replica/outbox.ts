import type { Clock, GroupId, NodeId, Timer, Transport } from '@quorate/core';
import type { AppendMessage } from '../raft/raft-message.ts';
import type { MessageWriter, PlainMessage } from '../wire/message-writer.ts';

/** How long news of a commit waits for an append that takes it along. */
const holdMs = 1;

/**
 * Sends what the core says. Nothing is kept: what the transport does not take is lost, and the core is told of appends.
 *
 * An append without entries only says what is committed, and whoever hears that a write is done mostly writes again at once:
 * so it waits a moment for an append with entries, which says the same, and each write costs a follower one message instead
 * of two.
 */
export class Outbox implements Disposable {
  readonly #transport: Transport;
  readonly #group: GroupId;
  readonly #messages: MessageWriter;
  readonly #clock: Clock;
  readonly #lost = new Set<NodeId>();
  readonly #held = new Map<NodeId, AppendMessage>();
  readonly #onLost: () => void;
  #timer: Timer | undefined;
  #to: NodeId;

  /** @param onLost an append was lost outside of a flush: see {@link tellLost} */
  constructor(
    transport: Transport,
    group: GroupId,
    messages: MessageWriter,
    clock: Clock,
    onLost: () => void,
  ) {
    this.#transport = transport;
    this.#group = group;
    this.#messages = messages;
    this.#clock = clock;
    this.#onLost = onLost;
    this.#to = transport.self;
  }

  send(message: PlainMessage): void {
    this.#to = message.to;
    if (message.type !== 'append') this.#messages.write(message, this.#sendShort);
    else if (message.entries.length === 0) {
      this.#held.set(message.to, message);
      this.#timer ??= this.#clock.setTimer(holdMs, this.#sendHeld);
    } else {
      this.#held.delete(message.to);
      this.#messages.write(message, this.#sendAppend);
    }
  }

  /** Tells of everybody to whom an append was lost since the last call. */
  tellLost(tell: (peer: NodeId) => void): void {
    if (this.#lost.size === 0) return;
    for (const peer of this.#lost) tell(peer);
    this.#lost.clear();
  }

  /** Forgets what waits: this replica leads no more. */
  [Symbol.dispose](): void {
    this.#held.clear();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  readonly #sendHeld = (): void => {
    this.#timer = undefined;
    for (const [peer, message] of this.#held) {
      this.#to = peer;
      this.#messages.write(message, this.#sendAppend);
    }
    this.#held.clear();
    if (this.#lost.size > 0) this.#onLost();
  };

  readonly #sendShort = (bytes: Uint8Array): void => {
    this.#transport.send(this.#to, bytes, this.#group);
  };

  readonly #sendAppend = (bytes: Uint8Array): void => {
    if (this.#transport.send(this.#to, bytes, this.#group) !== 'sent') this.#lost.add(this.#to);
  };
}
