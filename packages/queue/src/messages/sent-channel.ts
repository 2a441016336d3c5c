import { type Channel, defineChannel } from '@quorate/core';

/** A message that was sent. */
export interface SentEvent {
  readonly queue: string;
  readonly id: string;
  readonly duplicate: boolean;
  readonly bytes: number;
}

export const sentChannel: Channel<SentEvent> = defineChannel('quorate:queue:sent');
