import { attachTeam, createTeam, type MemberId } from '@quorate/threads';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

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
    // The second word of the team counts the joins.
    new Int32Array(team.buffer)[1] = 16_382;
    const last = team.join();
    expect(last).toBeLessThan(2 ** 30);
    expect(() => team.join()).toThrow(expect.objectContaining({ code: 'TEAM_FULL', retryable: false }));
    expect(team.isAlive(last)).toBe(true);
  });

  test.each([0, 65_537, 1.5, Number.NaN])('refuses a capacity of %s', capacity => {
    expect(() => createTeam({ capacity })).toThrow(RangeError);
  });

  test.each([0, -1, 2 ** 30, 1.5])('refuses %s as a member', member => {
    expect(() => createTeam().isAlive(member as MemberId)).toThrow('Member id must be an integer from 1 to');
  });
});
