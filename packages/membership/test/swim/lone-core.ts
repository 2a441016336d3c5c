import { type NodeId, nodeId, seededRandom } from '@quorate/core';
import { type MemberChange, Swim, type SwimOptions, type SwimTuning, tuningOf } from '../../src/index.ts';
import { Member, type MemberRecord, noMeta, State, type StateCode } from '../../src/swim/member.ts';
import { type Message, MessageType, lastFlag, wantedFlag } from '../../src/swim/message.ts';
import { readMessage } from '../../src/swim/message-reader.ts';
import { MessageWriter } from '../../src/swim/message-writer.ts';

/** A record as others would tell it. */
export function record(
  id: string,
  state: keyof typeof State,
  incarnation: number,
  more: {
    life?: number;
    meta?: Uint8Array;
    metaVersion?: number;
    address?: string;
    accuser?: string;
    bare?: boolean;
  } = {},
): MemberRecord {
  const {
    life = 7,
    meta = noMeta,
    metaVersion = incarnation,
    accuser = '',
    bare = false,
    address = '',
  } = more;
  const details = bare ? undefined : { meta, metaVersion, address };
  return {
    id: nodeId(id),
    state: State[state] as StateCode,
    incarnation,
    life,
    details,
    accuser: accuser as NodeId,
  };
}

type Written = Partial<Omit<Message, 'type'>> & { readonly type: keyof typeof MessageType };

/** A message as a peer would send it. */
export function written(message: Written): Uint8Array {
  const { type, sequence = 0, target = '', records = [] } = message;
  const writer = new MessageWriter(1 << 20, 4096);
  const code = MessageType[type];
  writer.begin(code);
  if (code <= MessageType.pingReq) writer.u32(sequence);
  if (type === 'pingReq') writer.text(target);
  if (type === 'sync') {
    writer.u32(message.digestHigh ?? 0);
    writer.u32(message.digestLow ?? 0);
  }
  if (type === 'state')
    writer.u8((message.isLast === true ? lastFlag : 0) | (message.isWanted === true ? wantedFlag : 0));
  for (const each of records) {
    writer.record(new Member(each, 0), {
      state: each.state,
      accuser: each.accuser,
      withDetails: each.details !== undefined,
    });
  }
  return writer.finish();
}

/** What a core sent. */
export interface Sent {
  readonly to: string;
  readonly type: keyof typeof MessageType;
  readonly message: Message;
}

/** One core with nobody around it but the test. */
export class LoneCore {
  readonly swim: Swim;
  readonly tuning: SwimTuning;
  nowMs = 0;
  readonly changes: MemberChange[] = [];
  synced: string[] = [];
  leaveTold = false;
  #sent: Sent[] = [];

  constructor(
    options: { tuning?: Partial<SwimTuning>; seed?: string; seeds?: string[] } & Partial<
      Pick<SwimOptions, 'detectorOf' | 'incarnation'>
    > = {},
  ) {
    this.tuning = tuningOf('lan', options.tuning);
    this.swim = new Swim({
      self: nodeId('self'),
      incarnation: options.incarnation ?? 10,
      life: 1,
      random: seededRandom(options.seed ?? 'lone'),
      seeds: (options.seeds ?? []).map(nodeId),
      meta: noMeta,
      address: '',
      tuning: this.tuning,
      detectorOf: options.detectorOf,
      nowMs: 0,
    });
  }

  /** Has it know members, as alive under incarnation 5. */
  know(...ids: string[]): this {
    this.hear(
      'gossip',
      ids.map(id => record(id, 'alive', 5)),
      'introducer',
    );
    this.sent();
    this.changes.length = 0;
    return this;
  }

  /** Hands it records. */
  hear(type: 'gossip' | 'state', records: readonly MemberRecord[], from = 'peer'): void {
    this.receive(from, { type, records });
  }

  receive(from: string, message: Written): void {
    this.swim.receive(nodeId(from), written(message), this.nowMs);
    this.#take();
  }

  /** Lets time go by in steps of 10 ms. */
  pass(durationMs: number): void {
    const endMs = this.nowMs + durationMs;
    while (this.nowMs < endMs) {
      this.nowMs = Math.min(endMs, this.nowMs + 10);
      this.swim.tick(this.nowMs);
      this.#take();
    }
  }

  /** Lets time go by until it probes `id`, which answers nothing; everybody else answers. Gives the probe's sequence. */
  probeOf(id: string): number {
    for (let step = 0; step < 2000; step++) {
      this.pass(10);
      for (const { to, message } of this.sent('ping')) {
        if (to === id) return message.sequence;
        this.receive(to, { type: 'ack', sequence: message.sequence });
      }
    }
    throw new Error(`"${id}" was never probed`);
  }

  /** What it has sent since the last call. */
  sent(type?: keyof typeof MessageType): Sent[] {
    this.#take();
    const sent = this.#sent;
    this.#sent = [];
    return type === undefined ? sent : sent.filter(each => each.type === type);
  }

  state(id: string): string | undefined {
    return this.swim.member(nodeId(id))?.state;
  }

  #take(): void {
    const effects = this.swim.takeEffects();
    if (effects === undefined) return;
    this.changes.push(...effects.changes);
    this.synced.push(...effects.synced);
    this.leaveTold ||= effects.leaveTold;
    for (const { to, bytes } of effects.messages) {
      const message = readMessage(bytes, this.tuning);
      if (typeof message === 'string') throw new Error(`The core sent what is no message: ${message}`);
      const names = Object.keys(MessageType) as (keyof typeof MessageType)[];
      this.#sent.push({
        to,
        type: names.find(name => MessageType[name] === message.type) as Sent['type'],
        message,
      });
    }
  }
}
