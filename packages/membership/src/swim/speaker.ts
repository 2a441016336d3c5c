import type { NodeId } from '@quorate/core';
import { type Member, State } from './member.ts';
import { lastFlag, type MessageCode, MessageType, wantedFlag } from './message.ts';
import { MessageWriter } from './message-writer.ts';
import { transmitsFor } from './news-queue.ts';
import type { SwimState } from './swim-state.ts';

/** The longest record: see `message.ts`. */
const recordMaxBytes = 4096;

/** Writes what this member says, with news along. */
export class Speaker {
  readonly #state: SwimState;
  readonly #writer: MessageWriter;

  constructor(state: SwimState) {
    this.#state = state;
    const { messageMaxBytes, metaMaxBytes } = state.tuning;
    this.#writer = new MessageWriter(messageMaxBytes, recordMaxBytes + metaMaxBytes);
  }

  ping(to: NodeId, sequence: number): void {
    this.#begin(MessageType.ping);
    this.#writer.u32(sequence);
    this.#end(to);
  }

  ack(to: NodeId, sequence: number): void {
    this.#begin(MessageType.ack);
    this.#writer.u32(sequence);
    this.#end(to);
  }

  nack(to: NodeId, sequence: number): void {
    this.#begin(MessageType.nack);
    this.#writer.u32(sequence);
    this.#end(to);
  }

  pingReq(to: NodeId, sequence: number, target: NodeId): void {
    this.#begin(MessageType.pingReq);
    this.#writer.u32(sequence);
    this.#writer.text(target);
    this.#end(to);
  }

  gossip(to: NodeId): void {
    this.#begin(MessageType.gossip);
    this.#end(to);
  }

  /** Asks whether the other one's members are the same, and introduces this one. */
  sync(to: NodeId): void {
    const { table, self } = this.#state;
    this.#begin(MessageType.sync);
    this.#writer.u32(table.digestHigh);
    this.#writer.u32(table.digestLow);
    this.#record(self);
    this.#end(to);
  }

  same(to: NodeId): void {
    this.#begin(MessageType.same);
    this.#end(to);
  }

  /** All that is known, in as many messages as it takes. */
  state(to: NodeId, wantsTheirs: boolean): void {
    const writer = this.#writer;
    this.#begin(MessageType.state);
    writer.u8(0);
    for (const member of this.#state.table.all()) {
      if (this.#record(member)) continue;
      this.#state.send(to, writer.finish());
      this.#begin(MessageType.state);
      writer.u8(0);
      this.#record(member);
    }
    writer.patch(2, lastFlag | (wantsTheirs ? wantedFlag : 0));
    this.#state.send(to, writer.finish());
  }

  #begin(type: MessageCode): void {
    this.#writer.begin(type);
  }

  /** With what the receiver has to know first, then with news. */
  #end(to: NodeId): void {
    const { table, news, tuning } = this.#state;
    const writer = this.#writer;
    // Mostly all are well, and then nobody has to be looked up.
    const member = table.troubledCount === 0 ? undefined : table.get(to);
    // Who is taken for dead and still speaks has to hear of it, or it would stay dead. Lifeguard's buddy system (§IV.C) tells
    // those who are suspected, too: nobody has more interest in the news.
    if (member !== undefined && this.#isAccused(member)) this.#record(member);
    news.write(writer, tuning.piggybackMaxBytes, transmitsFor(tuning.retransmitFactor, table.liveCount));
    this.#state.send(to, writer.finish());
  }

  #isAccused({ state }: Member): boolean {
    return state === State.dead || (state === State.suspect && this.#state.tuning.lifeguard);
  }

  #record(member: Member): boolean {
    const { state, accuser } = member;
    return this.#writer.record(member, { state, accuser, withDetails: true });
  }
}
