import type { GroupId, NodeId, Transport } from '@quorate/core';
import type { MessageWriter, PlainMessage } from '../wire/message-writer.ts';

/** Sends what the core says. Nothing is kept: what the transport does not take is lost, and the core is told of appends. */
export class Outbox {
  readonly #transport: Transport;
  readonly #group: GroupId;
  readonly #messages: MessageWriter;
  readonly #lost = new Set<NodeId>();
  #to: NodeId;

  constructor(transport: Transport, group: GroupId, messages: MessageWriter) {
    this.#transport = transport;
    this.#group = group;
    this.#messages = messages;
    this.#to = transport.self;
  }

  send(message: PlainMessage): void {
    this.#to = message.to;
    this.#messages.write(message, message.type === 'append' ? this.#sendAppend : this.#sendShort);
  }

  /** Tells of everybody to whom an append was lost since the last call. */
  tellLost(tell: (peer: NodeId) => void): void {
    if (this.#lost.size === 0) return;
    for (const peer of this.#lost) tell(peer);
    this.#lost.clear();
  }

  readonly #sendShort = (bytes: Uint8Array): void => {
    this.#transport.send(this.#to, bytes, this.#group);
  };

  readonly #sendAppend = (bytes: Uint8Array): void => {
    if (this.#transport.send(this.#to, bytes, this.#group) !== 'sent') this.#lost.add(this.#to);
  };
}
