import type { Ending } from './ending.ts';
import { notHandled } from './ending-policy.ts';
import type { HeldMessage } from './held-message.ts';
import { workChannels } from './work-channels.ts';
import type { WorkEvent } from './work.ts';

/** Tells whoever listens what a work does; makes no event where nobody does. */
export class WorkTeller {
  readonly #queue: string;
  readonly #onEvent: ((event: WorkEvent) => void) | undefined;

  constructor(queue: string, onEvent: ((event: WorkEvent) => void) | undefined) {
    this.#queue = queue;
    this.#onEvent = onEvent;
  }

  leased(count: number): void {
    if (this.#hears('leased')) this.#tell({ type: 'leased', count });
  }

  started({ message, attempt }: HeldMessage): void {
    if (this.#hears('started')) this.#tell({ type: 'started', message, attempt });
  }

  failed({ message }: HeldMessage, error: unknown, ending: Ending): void {
    if (error !== notHandled && this.#hears('failed')) this.#tell({ type: 'failed', message, error, ending });
  }

  settled({ message }: HeldMessage, ending: Ending): void {
    if (this.#hears('settled')) this.#tell({ type: 'settled', message, ending });
  }

  lost({ message }: HeldMessage): void {
    if (this.#hears('lost')) this.#tell({ type: 'lost', message });
  }

  trouble(error: unknown): void {
    if (this.#hears('trouble')) this.#tell({ type: 'trouble', error });
  }

  #hears(type: WorkEvent['type']): boolean {
    return this.#onEvent !== undefined || workChannels[type].active;
  }

  #tell(event: WorkEvent): void {
    this.#onEvent?.(event);
    const channel = workChannels[event.type];
    if (channel.active) channel.publish({ ...event, queue: this.#queue } as never);
  }
}
