import { attachTeam, createTeam, type MemberId, type Team } from '@quorate/threads';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';

/** The word that counts a team's deaths: the only one beside the slots that a death changes. */
function deathsOf({ buffer, capacity }: Team): Int32Array {
  const words = new Int32Array(buffer);
  const team = attachTeam(buffer);
  const member = team.join();
  const before = words.slice();
  team.leave(member);
  return words.subarray(
    [...words.keys()].findIndex(index => words[index] !== before[index]),
    -capacity,
  );
}

describe('a team', () => {
  test('agrees with a plain set, never reuses an id, and keeps its slots', () => {
    const step = fc.oneof(fc.constant('join' as const), fc.nat({ max: 20 }));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.array(step, { maxLength: 60 }), (capacity, steps) => {
        const team = createTeam({ capacity });
        const other = attachTeam(team.buffer);
        const alive = new Set<MemberId>();
        const ever: MemberId[] = [];
        for (const one of steps) {
          if (one === 'join' && alive.size === capacity) {
            expect(() => team.join()).toThrow(
              expect.objectContaining({ code: 'TEAM_FULL', retryable: true }),
            );
          } else if (one === 'join') {
            const member = team.join();
            expect(ever).not.toContain(member);
            ever.push(member);
            alive.add(member);
          } else if (ever.length > 0) {
            const member = ever[one % ever.length] as MemberId;
            other.leave(member);
            alive.delete(member);
          }
          expect(new Set(other.members())).toEqual(alive);
          for (const member of ever) expect(team.isAlive(member)).toBe(alive.has(member));
        }
        expect(new Set([...alive].map(member => team.slotOf(member))).size).toBe(alive.size);
      }),
    );
  });

  test('tells a watcher that looks late of the last death of each slot', async () => {
    const team = createTeam({ capacity: 1 });
    const heard: MemberId[] = [];
    using _watch = team.watch(member => heard.push(member));
    const first = team.join();
    team.leave(first);
    const second = team.join();
    team.leave(second);
    team.leave(first); // Late and repeated: the slot has long been another's.
    while (heard.length === 0) await new Promise(resolve => setTimeout(resolve));
    expect(heard).toEqual([second]);
  });

  test('does not tell a watch that was disposed', async () => {
    const team = createTeam();
    const heard: MemberId[] = [];
    const member = team.join();
    team.watch(dead => heard.push(dead))[Symbol.dispose]();
    const told = new Promise<MemberId>(resolve => void team.watch(resolve));
    team.leave(member);
    expect(await told).toBe(member);
    expect(heard).toEqual([]);
  });

  test('gives up waiting for a death by deadline and by abort', async () => {
    const team = createTeam();
    const member = team.join();
    await expect(team.died(member, { deadlineMs: 5 })).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    const controller = new AbortController();
    const waiting = team.died(member, { signal: controller.signal });
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' });
  });

  test('runs out of ids rather than reuse one', () => {
    const team = createTeam({ capacity: 65_536 });
    // The team's last words are its slots. Only the first has an id left for another member.
    const slots = new Int32Array(team.buffer).subarray(-65_536);
    for (let slot = 0; slot < 65_536; slot++) slots[slot] = -(2 ** 30 - 2 * 65_536 + slot + 1);
    for (let slot = 1; slot < 65_535; slot++) (slots[slot] as number) -= 65_536;
    const last = team.join();
    expect(last).toBe(2 ** 30 - 65_535);
    expect(() => team.join()).toThrow(expect.objectContaining({ code: 'TEAM_FULL', retryable: false }));
    expect(team.isAlive(last)).toBe(true);
  });

  test('of the largest size is filled, emptied and filled again', () => {
    const team = createTeam({ capacity: 65_536 });
    for (let time = 0; time < 2; time++) {
      for (let count = 0; count < 65_536; count++) team.join();
      expect(() => team.join()).toThrow(expect.objectContaining({ code: 'TEAM_FULL', retryable: true }));
      const members = team.members();
      expect(members).toHaveLength(65_536);
      for (const member of members) team.leave(member);
    }
  });

  test('keeps no waits of watches that were disposed and of waits that were given up', async () => {
    const team = createTeam();
    const member = team.join();
    const deaths = deathsOf(team);
    const controller = new AbortController();
    const givenUp: Promise<unknown>[] = [];
    for (let time = 0; time < 100; time++) {
      team.watch(() => {})[Symbol.dispose]();
      givenUp.push(team.died(member, { signal: controller.signal }).catch(() => {}));
    }
    controller.abort();
    await Promise.all(givenUp);
    expect(Atomics.notify(deaths, 0)).toBeLessThanOrEqual(1);
  });

  test('a watch that throws is reported and goes on, and stops nobody else', async () => {
    const team = createTeam();
    const reported: unknown[] = [];
    vi.stubGlobal('queueMicrotask', (task: () => void) => reported.push(task));
    try {
      const members = [team.join(), team.join()];
      const heard: MemberId[] = [];
      using _throws = team.watch(() => {
        throw new Error('A bad watch');
      });
      using _watch = team.watch(member => heard.push(member));
      for (const member of members) team.leave(member);
      while (heard.length < 2) await new Promise(resolve => setTimeout(resolve));
      expect(heard).toEqual(members);
      expect(reported).toHaveLength(2);
      expect(reported[0]).toThrow('A bad watch');
    } finally {
      vi.unstubAllGlobals();
    }
  });

  test.each([0, 65_537, 1.5, Number.NaN])('refuses a capacity of %s', capacity => {
    expect(() => createTeam({ capacity })).toThrow(RangeError);
  });

  test.each([0, -1, 2 ** 30, 1.5])('refuses %s as a member', member => {
    expect(() => createTeam().isAlive(member as MemberId)).toThrow('Member id must be an integer from 1 to');
  });
});
