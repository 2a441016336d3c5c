import type { WireThrown } from './wire-error.ts';

/** What a caller sends to whoever answers. */
export type Request =
  | { readonly kind: 'call'; readonly id: number; readonly method: string; readonly input: unknown }
  /** The caller has given the call up; the answer is still sent, and frees the call's place. */
  | { readonly kind: 'cancel'; readonly id: number; readonly reason: WireThrown }
  /** No more calls will come: finish what runs, clean up, answer `closed`. */
  | { readonly kind: 'close' };

/** What answers a call. */
export type Answer =
  | { readonly kind: 'result'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly thrown: WireThrown };

/** What a worker tells of itself. */
export type Notice =
  /** The module is loaded and set up. */
  | { readonly kind: 'ready' }
  /** Loading, set-up or code outside any call threw: the worker is finished. */
  | { readonly kind: 'broken'; readonly thrown: WireThrown }
  /** The worker has closed as it was asked to: nothing comes after this. */
  | { readonly kind: 'closed' }
  /** The worker, or whoever responds, leaves on its own: nothing comes after this. */
  | { readonly kind: 'left'; readonly code: number };

/** Everything that may come from whoever answers. */
export type Reply = Answer | Notice;
