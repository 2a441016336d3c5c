import { ManualClock, QuorateError, sessionId, type Store } from '@quorate/core';
import { expect, test } from 'vitest';
import { Observations } from '../src/observations.ts';
import { turn } from './stand.ts';

const session = sessionId('s');

/** A store of which nothing is asked but to observe. */
function observedStore(): { store: Store; asked: PromiseWithResolvers<void>[]; signals: AbortSignal[] } {
  const asked: PromiseWithResolvers<void>[] = [];
  const signals: AbortSignal[] = [];
  const store = {
    observe(_: unknown, { signal }: { signal: AbortSignal }) {
      const wait = Promise.withResolvers<void>();
      asked.push(wait);
      signals.push(signal);
      signal.addEventListener('abort', () => wait.reject(new Error('aborted')));
      return wait.promise;
    },
  };
  return { store: store as unknown as Store, asked, signals };
}

test('a session is observed once for all who want to know, until none does', async () => {
  const { store, asked, signals } = observedStore();
  const observations = new Observations(store, new ManualClock());
  const told: string[] = [];
  const one = observations.observe(session, () => told.push('one'));
  observations.observe(session, () => told.push('two'));
  const same = (): void => void told.push('same');
  const [third] = [observations.observe(session, same), observations.observe(session, same)];
  expect(asked).toHaveLength(1);
  one[Symbol.dispose]();
  one[Symbol.dispose]();
  third![Symbol.dispose]();
  expect(signals[0]!.aborted).toBe(false);
  asked[0]!.resolve();
  await turn();
  expect(told).toEqual(['two', 'same']);
  expect(observations.size).toBe(0);
  const last = observations.observe(session, () => told.push('late'));
  expect(asked).toHaveLength(2);
  last[Symbol.dispose]();
  expect(signals[1]!.aborted).toBe(true);
  expect(observations.size).toBe(0);
  // One that is wanted again while the last is being given up is another.
  observations.observe(session, () => told.push('again'));
  await turn();
  expect(asked).toHaveLength(3);
  asked[2]!.resolve();
  await turn();
  expect(told).toEqual(['two', 'same', 'again']);
});

test('what fails is asked again after a rest', async () => {
  const { store, asked } = observedStore();
  const clock = new ManualClock();
  const observations = new Observations(store, clock);
  let isTold = false;
  observations.observe(session, () => {
    isTold = true;
  });
  asked[0]!.reject(new QuorateError('UNAVAILABLE', 'No way', { outcome: 'not-applied' }));
  await turn();
  expect(asked).toHaveLength(1);
  clock.advance(250);
  await turn();
  asked[1]!.resolve();
  await turn();
  expect(isTold).toBe(true);
  expect(clock.timerCount).toBe(0);
});
