import {
  QuorateError,
  type QueueStore,
  type Random,
  type SettleResult,
  type Settlement,
} from '@quorate/core';
import { wrapped } from './task-stand.ts';

/** How often what goes wrong. */
export interface Shakes {
  /** A settlement's answer is lost: it took effect, or not. */
  readonly lostAnswers: number;
  /** A call is refused for now. */
  readonly refusals: number;
}

/** A store whose answers get lost and that refuses now and then, as one across a network does. */
export function shakyStore(inner: QueueStore, random: Random, shakes: Shakes): QueueStore {
  const refuse = (): void => {
    if (random.float() >= shakes.refusals) return;
    throw new QuorateError('UNAVAILABLE', 'The network shook', { outcome: 'not-applied', retryable: true });
  };
  const unknown: SettleResult = {
    outcome: 'unknown',
    cause: new QuorateError('UNAVAILABLE', 'The answer was lost', { retryable: true }),
  };
  const settle = async (settlements: readonly Settlement[]): Promise<readonly SettleResult[]> => {
    refuse();
    const results: SettleResult[] = [];
    for (const settlement of settlements) {
      const fate = random.float() / shakes.lostAnswers;
      const result = fate < 0.5 ? unknown : (await inner.settle([settlement]))[0];
      results.push(fate < 1 || result === undefined ? unknown : result);
    }
    return results;
  };
  const extend: QueueStore['extend'] = async (...call) => {
    refuse();
    return inner.extend(...call);
  };
  const lease: QueueStore['lease'] = async (...call) => {
    refuse();
    return inner.lease(...call);
  };
  const state = new Proxy(inner.state, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return name === 'watch'
        ? value.bind(target)
        : async (...call: unknown[]): Promise<unknown> => {
            refuse();
            return Reflect.apply(value, target, call);
          };
    },
  });
  return wrapped(inner, { settle, extend, lease, state });
}
