/** A Piscina task that sends each message back, until the stream ends. */
import type { MessagePort } from 'node:worker_threads';
import { type RingPlace, ThreadStream } from '@quorate/queue/shared';
import { type MemberId, attachTeam } from '@quorate/threads';
import { messageBytes } from './flow-memory.ts';

export interface EchoOrder {
  readonly team: SharedArrayBuffer;
  readonly member: number;
  readonly there: RingPlace;
  readonly back: RingPlace;
  readonly spins: number | undefined;
  readonly port: MessagePort | undefined;
}

export default function echo(order: EchoOrder): void | Promise<void> {
  const { port } = order;
  if (port !== undefined) return echoPort(port);
  const seat = { team: attachTeam(order.team), member: order.member as MemberId, spins: order.spins };
  const consumer = ThreadStream.attach(order.there, seat).consume();
  const producer = ThreadStream.attach(order.back, seat).produce();
  for (let read = -1; read !== 0; )
    read = consumer.read(({ words, wordOffset }) => {
      const number = words[wordOffset] as number;
      producer.write(messageBytes, slot => {
        slot.words[slot.wordOffset] = number;
      });
    });
}

function echoPort(port: MessagePort): Promise<void> {
  port.on('message', message => port.postMessage(message));
  return new Promise(resolve => port.once('close', resolve));
}
