/** A Piscina task that is a producer or a consumer of a flow, until the flow ends. */
import type { MessagePort } from 'node:worker_threads';
import { type MessageSlot, type RingPlace, ThreadQueue, ThreadStream } from '@quorate/queue/shared';
import { type MemberId, attachTeam } from '@quorate/threads';
import { Flow, Sum, batchSize, fill, finish, messageBytes, sumOf } from './flow-memory.ts';

/** What messages go through. */
export type FlowKind = 'stream' | 'stream, batches' | 'queue' | 'port' | 'port, packed';

export interface FlowOrder {
  readonly kind: FlowKind;
  readonly to: 'one' | 'diamond';
  readonly role: 'produce' | 'consume';
  /** Of a stream, that a consumer is. */
  readonly stage: string;
  readonly memory: SharedArrayBuffer;
  /** Of this thread among all. */
  readonly index: number;
  /** Messages of each producer in a round, and of all. */
  readonly each: number;
  readonly total: number;
  readonly team: SharedArrayBuffer;
  readonly member: number;
  readonly place: RingPlace;
  /** To or from each thread of the other role. */
  readonly ports: readonly MessagePort[];
  /** To who has a message after this consumer. */
  readonly next: MessagePort | undefined;
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
  const { kind, to, each, place, ports } = order;
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
      return () => post(ports, each, to);
    case 'port, packed':
      break;
  }
  return () => postPacked(ports, each);
}

function post(ports: readonly MessagePort[], each: number, to: FlowOrder['to']): void {
  const message = new Int32Array(messageBytes / 4);
  for (let number = 0; number < each; number++) {
    fill(message, 0, number);
    if (to === 'diamond') for (const port of ports) port.postMessage(message);
    else ports[number % ports.length]?.postMessage(message);
  }
  for (const port of ports) port.postMessage(undefined);
}

/** So many messages in one buffer, which is handed over and not copied. */
function postPacked(ports: readonly MessagePort[], each: number): void {
  for (let number = 0; number < each; number += batchSize) {
    const words = new Int32Array((Math.min(batchSize, each - number) * messageBytes) / 4);
    for (let offset = 0; offset < words.length; offset += messageBytes / 4)
      fill(words, offset, number + offset / (messageBytes / 4));
    ports[(number / batchSize) % ports.length]?.postMessage(words, [words.buffer]);
  }
  for (const port of ports) port.postMessage(undefined);
}

function consumerOf(order: FlowOrder, seat: OwnSeat, sum: Int32Array): () => void | Promise<void> {
  const { kind, to, stage, total, place, ports, next } = order;
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
    const sums = await Promise.all(ports.map(port => readPort(port, next)));
    // At the end of a diamond each message is there twice, and counts once.
    sum[0] = (to === 'diamond' ? sums.slice(0, 1) : sums).reduce((all, one) => (all + one) | 0, 0);
  };
}

/** Reads until its producer has no more, and hands on what it has read. */
function readPort(port: MessagePort, next: MessagePort | undefined): Promise<number> {
  return new Promise(resolve => {
    let read = 0;
    const onMessage = (words: Int32Array | undefined): void => {
      if (words === undefined) {
        next?.postMessage(undefined);
        port.off('message', onMessage);
        resolve(read);
        return;
      }
      for (let offset = 0; offset < words.length; offset += messageBytes / 4)
        read = (read + sumOf(words, offset)) | 0;
      next?.postMessage(words);
    };
    port.on('message', onMessage);
  });
}
