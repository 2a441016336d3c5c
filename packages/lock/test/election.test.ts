import { FaultyStore } from '@quorate/conformance';
import { QuorateError, seededRandom } from '@quorate/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLocks, type Leader } from '../src/index.ts';
import { Stand, turn } from './stand.ts';

let stand: Stand;
beforeEach(() => {
  stand = new Stand();
});
afterEach(async () => {
  await stand.close();
  expect(stand.clock.timerCount).toBe(0);
});

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (leader: Leader | undefined): string | undefined =>
  leader && new TextDecoder().decode(leader.value);

describe('an election', () => {
  test('has one leader, whom everybody sees with its value and fence', async () => {
    const [one, other] = [stand.locks().election('e'), stand.locks().election('e')];
    expect(await one.leader()).toBeUndefined();
    const leadership = await one.campaign(bytes('one'));
    const next = other.campaign(bytes('two\nlines'));
    expect(await other.tryCampaign(bytes('three'))).toBeUndefined();
    const leader = await other.leader();
    expect([textOf(leader), leader!.fence]).toEqual(['one', leadership.fence]);
    await leadership.proclaim(bytes('still one'));
    expect(textOf(await other.leader())).toBe('still one');
    await leadership.resign();
    const second = await next;
    expect(textOf(await one.leader())).toBe('two\nlines');
    expect(second.fence).toBeGreaterThan(leadership.fence);
    await expect(leadership.proclaim(bytes('x'))).rejects.toMatchObject({ code: 'NOT_OWNER' });
    await second.release();
    await one.run(bytes('in'), {}, async () => expect(textOf(await other.leader())).toBe('in'));
    expect(await stand.entries('lock.election.e')).toEqual([]);
    await expect(one.campaign('x' as unknown as Uint8Array)).rejects.toBeInstanceOf(TypeError);
  });

  test('is observed: each leader, new words of it, its death, and nobody', async () => {
    const seen: (string | undefined)[] = [];
    const watcher = new AbortController();
    const observing = (async () => {
      const election = stand.locks().election('e');
      for await (const leader of election.observe({ signal: watcher.signal })) seen.push(textOf(leader));
    })();
    const see = async (...expected: (string | undefined)[]): Promise<void> => {
      await stand.pass(300);
      expect(seen.splice(0)).toEqual(expected);
    };
    await see(undefined);
    const election = stand.locks().election('e');
    const first = await election.campaign(bytes('a'));
    await see('a');
    await first.proclaim(bytes('b'));
    await see('b');
    await first.resign();
    await see(undefined);
    await stand.locks().election('e').campaign(bytes('c'));
    await see('c');
    const [entry] = await stand.entries('lock.election.e');
    stand.store.memory.sessions.end(entry!.session!);
    await see(undefined);
    watcher.abort();
    await observing;
  });

  test('what was proclaimed last stays, however late an earlier request comes through', async () => {
    const store = new FaultyStore(stand.store.open(), {});
    const late: (() => Promise<unknown>)[] = [];
    const put = store.put.bind(store);
    store.put = async (...call) => {
      if (late.length > 0) return put(...call);
      late.push(() => put(...call));
      const cause = new QuorateError('UNAVAILABLE', 'Still on its way', { retryable: true });
      return { outcome: 'unknown', cause };
    };
    const { clock } = stand;
    await using locks = createLocks({ store, clock, random: seededRandom(1), ttlMs: 1000 });
    const leadership = await locks.election('e').campaign(bytes('a'));
    await stand.until(leadership.proclaim(bytes('b')));
    await Promise.all([leadership.proclaim(bytes('c')), leadership.proclaim(bytes('d'))]);
    await late[0]!().catch(() => {});
    expect(textOf(await locks.election('e').leader())).toBe('d');
    await leadership.resign();
  });

  test('an observer ends with its signal while the store says nothing', async () => {
    const store = new FaultyStore(stand.store.open(), {});
    store.list = (_, options) =>
      new Promise((_resolve, reject) => {
        options!.signal!.addEventListener('abort', () =>
          reject(new QuorateError('ABORTED', 'Given up', { outcome: 'not-applied' })),
        );
      });
    const { clock } = stand;
    await using locks = createLocks({ store, clock, random: seededRandom(1), ttlMs: 1000 });
    const controller = new AbortController();
    const observing = (async () => {
      for await (const leader of locks.election('e').observe(controller)) expect(leader).toBe('nobody');
    })();
    await turn();
    controller.abort();
    await observing;
  });

  test('several candidates of one process stand in line each with its own value', async () => {
    const election = stand.locks().election('e');
    const first = await election.campaign(bytes('a'));
    const [second, third] = [election.campaign(bytes('b')), election.campaign(bytes('c'))];
    await turn();
    await first.resign();
    expect(textOf(await election.leader())).toBe('b');
    await (await second).resign();
    expect(textOf(await election.leader())).toBe('c');
    await (await third).resign();
  });
});

describe('several at once', () => {
  test('are held together, whatever the order they are named in, or not at all', async () => {
    const [one, other] = [stand.locks(), stand.locks()];
    const runs: string[] = [];
    const all = Array.from({ length: 40 }, (_, index) => {
      const locks = index % 2 === 0 ? one : other;
      const names = index % 3 === 0 ? ['a', 'b', 'c'] : ['c', 'b', 'a'];
      return locks.all(names).run(async held => {
        held.assertHeld();
        expect(held.holds.map(({ name }) => name)).toEqual(names);
        expect(runs).toEqual([]);
        runs.push('x');
        await turn();
        runs.pop();
      });
    });
    await stand.until(Promise.all(all));
    const held = await one.mutex('b').acquire();
    expect(await other.all(['a', 'b']).tryAcquire()).toBeUndefined();
    const waiting = other.all(['a', 'b']).acquire({ deadlineMs: 300 });
    waiting.catch(() => {});
    await turn();
    expect(await one.mutex('a').tryAcquire()).toBeUndefined();
    await stand.pass(400);
    await expect(waiting).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    await stand.pass(100);
    await (await one.mutex('a').tryAcquire())!.release();
    await held.release();
  });

  test('one that is lost while the others are waited for is acquired again', async () => {
    const blocker = await stand.locks().mutex('b').acquire();
    const all = stand.locks().all(['a', 'b']).acquire();
    await turn();
    const [entry] = await stand.entries('lock.mutex.a');
    stand.store.memory.sessions.end(entry!.session!);
    await stand.pass(1500);
    await blocker.release();
    const held = await stand.until(all);
    held.assertHeld();
    expect(await stand.entries('lock.mutex.a')).toHaveLength(1);
    await held.release();
  });

  test('of any kind, each once', async () => {
    const locks = stand.locks();
    const { read, write } = locks.rw('r');
    const together = await locks.all(['m', read, locks.semaphore('s', 2)]).acquire();
    expect(together.remainingMs()).toBeGreaterThan(0);
    expect(together.signal.aborted).toBe(false);
    expect(await write.tryAcquire()).toBeUndefined();
    await together.release();
    await together.release();
    await (await write.tryAcquire())!.release();
    expect(() => locks.all(['a', 'b', 'a'])).toThrow(/twice/);
    expect(() => locks.all([])).toThrow(RangeError);
    expect(() => locks.all([{} as never])).toThrow(TypeError);
  });
});
