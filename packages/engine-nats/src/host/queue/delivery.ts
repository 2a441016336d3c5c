/** What the server says of a message that it delivers, by the subject that an acknowledgement would go to. */
export interface Delivery {
  /** The message's number in the stream. */
  readonly sequence: number;
  /** Its number among those that were delivered to this consumer, from 1 on. */
  readonly delivered: number;
  /** When it was stored, by the server's clock, in ms since 1970. */
  readonly stampMs: number;
}

/** Tokens of `$JS.ACK.<stream>.<consumer>.<tries>.<sequence>.<delivered>.<time>.<pending>`; newer servers put two more before the stream. */
const plainTokens = 9;
const moreTokens = 2;

/** Reads it; undefined where it is none. */
export function readDelivery(reply: string | undefined): Delivery | undefined {
  if (reply === undefined || !reply.startsWith('$JS.ACK.')) return undefined;
  const tokens = reply.split('.');
  const shift = tokens.length > plainTokens ? moreTokens : 0;
  const [sequence, delivered] = [Number(tokens[5 + shift]), Number(tokens[6 + shift])];
  const nanoseconds = tokens[7 + shift] ?? '';
  return { sequence, delivered, stampMs: Number(nanoseconds.slice(0, -6)) };
}
