import { QuorateError, type StoreEvent, errorCode } from '@quorate/core';
import { afterEach, describe, expect, test } from 'vitest';
import { createRegistry } from '../../src/index.ts';
import { Stand, meddled, web } from './stand.ts';

let stand = new Stand();
afterEach(() => {
  stand.end();
  stand = new Stand();
});

const unavailable = (): QuorateError =>
  new QuorateError('UNAVAILABLE', 'Not now', { retryable: true, outcome: 'not-applied' });

describe('a registration is kept', () => {
  test('also where its watch ended: a watch that fails is begun again', async () => {
    const store = stand.store.open();
    let watches = 0;
    const meddling = meddled(store, {
      watch: (...call) => {
        if (++watches > 2) return store.watch(...call);
        return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(unavailable()) }) };
      },
    });
    await using _ = await createRegistry(meddling, { clock: stand.clock }).register(web('a'));
    await stand.pass(3000);
    const entry = await store.get('services/web/a');
    await store.delete('services/web/a', { modified: entry?.modified as never });
    await stand.pass(1000);
    expect((await stand.discover(stand.client()[0])).map(({ id }) => id)).toEqual(['a']);
    expect(watches).toBe(3);
  });

  test('under the session that it has while the store is out of reach for less than that lasts', async () => {
    const store = stand.store.open();
    let [sessions, isReachable] = [0, true];
    const meddling = meddled(store, {
      session: options => {
        sessions++;
        return store.session(options);
      },
      get: (...call) => (isReachable ? store.get(...call) : Promise.reject(unavailable())),
    });
    await using registration = await createRegistry(meddling, { clock: stand.clock }).register(web('a'));
    isReachable = false;
    const updating = registration.setHealth('warning');
    await stand.pass(900);
    expect((await stand.discover(stand.client()[0])).map(({ health }) => health.state)).toEqual(['passing']);
    isReachable = true;
    await stand.pass(1000);
    await updating;
    expect((await stand.discover(stand.client()[0])).map(({ health }) => health.state)).toEqual(['warning']);
    expect(sessions).toBe(1);
  });

  test('and not written again where it stands as it was written, whatever changes were missed', async () => {
    const store = stand.store.open();
    const meddling = meddled(store, {
      watch: async function* (...call): AsyncGenerator<StoreEvent> {
        yield { type: 'resync' };
        yield* store.watch(...call);
      },
    });
    await using _ = await createRegistry(meddling, { clock: stand.clock }).register(web('a'));
    await stand.pass(1000);
    const entry = await store.get('services/web/a');
    expect(entry?.modified).toBe(entry?.created);
  });
});

test('a wait that is given up is over at its deadline, however long the store takes to end the session', async () => {
  const store = stand.store.open();
  const meddling = meddled(store, {
    session: async options => {
      const { id, lost } = await store.session(options);
      return { id, lost, remainingMs: () => 1, [Symbol.asyncDispose]: () => new Promise(() => {}) };
    },
    put: () => Promise.reject(unavailable()),
  });
  const registering = createRegistry(meddling, { clock: stand.clock })
    .register(web('a', { deadlineMs: 500 }))
    .then(() => 'registered', errorCode);
  await stand.pass(600);
  expect(await Promise.race([registering, stand.pass(100)])).toBe('DEADLINE_EXCEEDED');
});
