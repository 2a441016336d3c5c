import { createInlinePair } from './inline-port.ts';
import type { Port } from './port.ts';
import type { Schedule } from './schedule.ts';

/** How a channel is made. */
export interface ChannelOptions {
  /**
   * Makes an inline channel whose deliveries run through this function, so that a simulator decides their order. Its ports
   * stay within this thread. Default: the platform's `MessageChannel`, whose ports can go to other threads.
   */
  readonly schedule?: Schedule | undefined;
}

/**
 * Makes two ports that send each other messages: what one posts, the other receives.
 *
 * Give one to a worker by naming it in the transfer list of a call; from then on it belongs to that thread. Close one end when
 * it is no longer needed: an open port with a listener keeps its Node thread alive.
 */
export function channel<Left = unknown, Right = Left>(
  options: ChannelOptions = {},
): [left: Port<Left, Right>, right: Port<Right, Left>] {
  if (options.schedule !== undefined) return createInlinePair(options.schedule);
  const { port1, port2 } = new MessageChannel();
  return [port1, port2] as unknown as [Port<Left, Right>, Port<Right, Left>];
}
