/** A Piscina task that is a producer or a consumer of a flow, until the flow ends. */
import type { MessagePort } from 'node:worker_threads';
import { type MessageSlot, type RingPlace, ThreadQueue, ThreadStream } from '@quorate/queue/shared';
import { type MemberId, attachTeam } from '@quorate/threads';
import { Flow, Sum, batchSize, fill, finish, messageBytes, sumOf } from './flow-memory.ts';

/** What messages go through. */
export type FlowKind = 'stream' | 'stream, batches' | 'queue' | 'port' | 'port, packed';

export interface FlowOrder {
  readonly kind: FlowKind;
  /** Each message goes to all, and is read once where it comes by several ways. */
  readonly isDiamond: boolean;
  readonly role: 'produce' | 'consume';
  /** That a consumer is, where a stream has several. */
  readonly stage?: string | undefined;
  readonly memory: SharedArrayBuffer;
  /** Of this thread among all. */
  readonly index: number;
  /** Messages of each producer in a round, and of all. */
  readonly each: number;
  readonly total: number;
  readonly team: SharedArrayBuffer;
  readonly member: number;
  readonly place: RingPlace;
  /** It sends to them, or receives from them. */
  readonly ports: readonly MessagePort[];
  /** To who has a message after this consumer. */
  readonly next?: MessagePort | undefined;
}

/** In place of a message's number: the round has no more. */
export const endMark = -1;

export default async function flow(order: FlowOrder): Promise<void> {
  const { round, done } = Flow.view(order.memory);
  const { sum } = Sum.view(order.memory, Flow.size + order.index * Sum.size);
  const seat = { team: attachTeam(order.team), member: order.member as MemberId };
  const isProducer = order.role === 'produce';
  const play: () => void | Promise<void> = isProducer
    ? producerOf(order, seat)
    : consumerOf(order, seat, sum);
  for (let seen = 0; ; ) {
    Atomics.wait(round, 0, seen);
    seen = Atomics.load(round, 0);
    if (seen < 0) return;
    await play();
    finish(done);
  }
}

type OwnSeat = Parameters<typeof ThreadQueue.attach>[1];

function producerOf(order: FlowOrder, seat: OwnSeat): () => void {
  const { kind, isDiamond, each, place, ports } = order;
  const turns: Turns = isDiamond ? [ports] : ports.map(port => [port]);
  switch (kind) {
    case 'stream': {
      const producer = ThreadStream.attach(place, seat).produce();
      let number = 0;
      const write = ({ words, wordOffset }: MessageSlot): void => fill(words, wordOffset, number);
      return () => {
        for (number = 0; number < each; number++) producer.write(messageBytes, write);
      };
    }
    case 'stream, batches': {
      const producer = ThreadStream.attach(place, seat).produce();
      let number = 0;
      const write = ({ words, wordOffset }: MessageSlot): void => fill(words, wordOffset, number++);
      return () => {
        number = 0;
        for (let sent = 0; sent < each; ) {
          const count = producer.tryWriteMany(Math.min(batchSize, each - sent), messageBytes, write);
          // Waits for one slot only where there is none.
          if (count === 0) producer.write(messageBytes, write);
          sent += Math.max(count, 1);
        }
      };
    }
    case 'queue': {
      const queue = ThreadQueue.attach(place, seat);
      let number = 0;
      const write = ({ words, wordOffset }: MessageSlot): void => fill(words, wordOffset, number);
      return () => {
        for (number = 0; number < each; number++) queue.write(messageBytes, write);
      };
    }
    case 'port':
      return () => post(turns, each);
    case 'port, packed':
      break;
  }
  return () => postPacked(turns, each);
}

/** The ports that a message goes to, for one message after the other in turn. */
type Turns = readonly (readonly MessagePort[])[];

function post(turns: Turns, each: number): void {
  const message = new Int32Array(messageBytes / 4);
  for (let number = 0; number < each; number++) {
    fill(message, 0, number);
    for (const port of turns[number % turns.length] ?? []) port.postMessage(message);
  }
  for (const port of turns.flat()) port.postMessage(undefined);
}

/** So many messages in one buffer, which is handed over. Where it goes to several, all but one get a copy. */
function postPacked(turns: Turns, each: number): void {
  for (let number = 0; number < each; number += batchSize) {
    const words = new Int32Array((Math.min(batchSize, each - number) * messageBytes) / 4);
    for (let offset = 0; offset < words.length; offset += messageBytes / 4)
      fill(words, offset, number + offset / (messageBytes / 4));
    const [last, ...others] = turns[(number / batchSize) % turns.length] ?? [];
    for (const port of others) port.postMessage(words);
    last?.postMessage(words, [words.buffer]);
  }
  for (const port of turns.flat()) port.postMessage(undefined);
}

function consumerOf(order: FlowOrder, seat: OwnSeat, sum: Int32Array): () => void | Promise<void> {
  const { kind, isDiamond, stage, total, place, ports, next } = order;
  let read = 0;
  const add = ({ words, wordOffset }: MessageSlot): void => {
    read = (read + sumOf(words, wordOffset)) | 0;
  };
  switch (kind) {
    case 'stream':
    case 'stream, batches': {
      const consumer = ThreadStream.attach(place, seat).consume(stage);
      return () => {
        read = 0;
        for (let count = 0; count < total; ) count += consumer.read(add);
        sum[0] = read;
      };
    }
    case 'queue': {
      const queue = ThreadQueue.attach(place, seat);
      let last = 0;
      const addOrEnd = (slot: MessageSlot): void => {
        last = slot.words[slot.wordOffset] as number;
        if (last !== endMark) add(slot);
      };
      return () => {
        read = 0;
        for (;;) {
          queue.read(addOrEnd);
          if (last === endMark) break;
        }
        sum[0] = read;
      };
    }
    case 'port':
    case 'port, packed':
      break;
  }
  return async () => {
    read = 0;
    const arrived = ports.map(() => 0);
    const joins = isDiamond && ports.length > 1;
    const isHandedOver = kind === 'port, packed';
    const onWords = (words: Int32Array<ArrayBuffer>, from: number): void => {
      if (joins) {
        const count = (arrived[from] ?? 0) + 1;
        arrived[from] = count;
        // It is read when it has come by all ways; each of them keeps the order.
        if (arrived.some(other => other < count)) return;
      }
      for (let offset = 0; offset < words.length; offset += messageBytes / 4)
        read = (read + sumOf(words, offset)) | 0;
      next?.postMessage(words, isHandedOver ? [words.buffer] : []);
    };
    await Promise.all(ports.map((port, index) => receive(port, words => onWords(words, index))));
    next?.postMessage(undefined);
    sum[0] = read;
  };
}

/** Until who sends has no more. */
function receive(port: MessagePort, onWords: (words: Int32Array<ArrayBuffer>) => void): Promise<void> {
  return new Promise(resolve => {
    const onMessage = (words: Int32Array<ArrayBuffer> | undefined): void => {
      if (words !== undefined) {
        onWords(words);
        return;
      }
      port.off('message', onMessage);
      resolve();
    };
    port.on('message', onMessage);
  });
}
