import { type Channel, defineChannel } from '@quorate/core';
import type { WorkEvent } from './work.ts';

/** An event of a work, and whose it is. */
export type Told<Type extends WorkEvent['type']> = Extract<WorkEvent, { readonly type: Type }> & {
  readonly queue: string;
};

/** The channels of `diagnostics_channel` on which works tell what they do: one for each type of event. */
export const workChannels: { readonly [Type in WorkEvent['type']]: Channel<Told<Type>> } = {
  leased: defineChannel('quorate:queue:leased'),
  started: defineChannel('quorate:queue:started'),
  failed: defineChannel('quorate:queue:failed'),
  settled: defineChannel('quorate:queue:settled'),
  lost: defineChannel('quorate:queue:lost'),
  trouble: defineChannel('quorate:queue:trouble'),
};
