import type { Invariant } from '../invariant.ts';
import { andMore } from './and-more.ts';

/** A producer was told that its request will be done. May be said again where it asked again. */
export type TaskAccepted = { readonly type: 'accepted'; readonly id: string };

/**
 * The effect of a request came about: said once for each time that it did, either in the very step or,
 * where a crash could swallow that, by whoever reads all effects at the end.
 */
export type TaskProcessed = { readonly type: 'processed'; readonly id: string };

/**
 * What was accepted is done by the end, and nothing is done twice.
 *
 * Done without being accepted is legal: the answer to the producer may have been lost. So is done before being accepted.
 *
 * Source: Lee et al., "Implementing Linearizability at Large Scale and Low Latency" (RIFL), SOSP 2015 §3 (exactly-once).
 */
export function exactlyOnce(): Invariant {
  const accepted = new Map<string, number>();
  const processed = new Map<string, number>();
  return {
    name: 'exactly-once',
    observe(fact, { atMs }) {
      const { type, id } = fact as TaskAccepted | TaskProcessed;
      if (type === 'accepted' && !accepted.has(id)) accepted.set(id, atMs);
      if (type !== 'processed') return undefined;
      const before = processed.get(id);
      if (before === undefined) {
        processed.set(id, atMs);
        return undefined;
      }
      const message = `Task ${id} was processed twice: at ${before} ms and at ${atMs} ms`;
      return { rule: 'exactly-once', message, atMs, details: { id } };
    },
    finish() {
      const lost = [...accepted.keys()].filter(id => !processed.has(id));
      const [id] = lost;
      if (id === undefined) return undefined;
      const others = andMore(lost.length - 1);
      const message = `Task ${id}, accepted at ${accepted.get(id)} ms,${others} ${others === '' ? 'was' : 'were'} never processed`;
      return { rule: 'exactly-once', message, details: { lost } };
    },
  };
}
