import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sessionId } from '../../src/ids.ts';
import { ManualClock } from '../../src/manual-clock.ts';
import { KeptSession, momentOf } from '../../src/store/kept-session.ts';

const ttlMs = 900;
const marginMs = 30;

/** A session whose engine answers when it is told to. */
class Stand {
  readonly clock = new ManualClock({ wallMs: 1_000_000 });
  readonly renewals: {
    readonly atMs: number;
    answer(isAlive: boolean): Promise<void>;
    fail(): Promise<void>;
  }[] = [];
  ends = 0;
  lostAtMs: number | undefined;
  readonly session: KeptSession;

  constructor(end: () => Promise<void> = async () => {}) {
    const { clock } = this;
    this.session = new KeptSession({
      id: sessionId('s'),
      clock,
      ttlMs,
      marginMs,
      opened: momentOf(clock),
      renew: () =>
        new Promise<boolean>((resolve, reject) => {
          const settle = async (run: () => void): Promise<void> => {
            run();
            for (let count = 0; count < 5; count++) await Promise.resolve();
          };
          this.renewals.push({
            atMs: clock.monotonicMs(),
            answer: isAlive => settle(() => resolve(isAlive)),
            fail: () => settle(() => reject(new Error('no'))),
          });
        }),
      end: async () => {
        this.ends++;
        await end();
      },
    });
    this.session.lost.addEventListener('abort', () => (this.lostAtMs = clock.monotonicMs()));
  }
}

describe('a kept session', () => {
  test('is renewed three times in its time to live, and lives from when each renewal was sent', async () => {
    const { clock, renewals, session } = new Stand();
    for (let count = 1; count <= 10; count++) {
      clock.advance(count === 1 ? ttlMs / 3 : ttlMs / 3 - 50);
      expect(renewals.length).toBe(count);
      clock.advance(50);
      await renewals.at(-1)?.answer(true);
      expect(session.remainingMs()).toBe(ttlMs - marginMs - 50);
    }
  });

  test('is given up before its time is over where no renewal gets through, and then its timers are gone', async () => {
    const stand = new Stand();
    for (let at = 0; at < ttlMs; at += 10) {
      stand.clock.advance(10);
      await stand.renewals.at(-1)?.fail();
    }
    expect(stand.lostAtMs).toBe(ttlMs - marginMs);
    expect(stand.renewals.map(({ atMs }) => atMs)).toEqual([300, 600]);
    expect(stand.session.lost.reason).toMatchObject({ code: 'SESSION_LOST', outcome: 'unknown' });
    expect(stand.session.remainingMs()).toBe(0);
    expect(stand.clock.timerCount).toBe(0);
  });

  test('stays lost, whatever a late answer says', async () => {
    const stand = new Stand();
    stand.clock.advance(2 * ttlMs);
    await stand.renewals[0]?.answer(true);
    expect(stand.session.remainingMs()).toBe(0);
    expect(stand.lostAtMs).toBe(ttlMs - marginMs);
  });

  test('whose time was over when an answer came is lost, though no timer has said so yet', async () => {
    const { clock, renewals, session } = new Stand();
    clock.advance(300);
    // Too much for the session as it stands, and not for one that was renewed 300 ms ago.
    clock.stepWall(600);
    await renewals[0]?.answer(true);
    expect(session.lost.aborted).toBe(true);
  });

  test('is lost at once where the engine says that it is dead', async () => {
    const stand = new Stand();
    stand.clock.advance(300);
    await stand.renewals[0]?.answer(false);
    expect(stand.lostAtMs).toBe(300);
    expect(stand.session.lost.reason.message).toBe('Session s is lost: The store has ended the session');
    expect(stand.clock.timerCount).toBe(0);
  });

  test('goes by whichever clock says that more time has passed', async () => {
    const stand = new Stand();
    stand.clock.stepWall(-3_600_000);
    expect(stand.session.remainingMs()).toBe(ttlMs - marginMs);
    const suspended = new Stand();
    suspended.clock.stepWall(ttlMs - marginMs - 1);
    expect(suspended.session.remainingMs()).toBe(1);
    suspended.clock.stepWall(1);
    expect(suspended.session.remainingMs()).toBe(0);
    expect(suspended.session.lost.aborted).toBe(true);
  });

  test('counts no older renewal than the newest that was answered', async () => {
    const { clock, renewals, session } = new Stand();
    clock.advance(600);
    await renewals[1]?.answer(true);
    await renewals[0]?.answer(true);
    expect(session.remainingMs()).toBe(ttlMs - marginMs);
  });

  test('that is disposed of is ended once, and its owner is told that it was the owner', async () => {
    const stand = new Stand();
    await stand.session[Symbol.asyncDispose]();
    await stand.session[Symbol.asyncDispose]();
    expect(stand.ends).toBe(1);
    expect(stand.session.lost.reason).toMatchObject({ code: 'CLOSED', outcome: 'applied' });
    expect(stand.session.remainingMs()).toBe(0);
    expect(stand.clock.timerCount).toBe(0);
  });

  test('that is disposed of waits a second for an engine that does not answer, and no longer', async () => {
    const stand = new Stand(() => new Promise(() => {}));
    let isDisposed = false;
    const disposing = stand.session[Symbol.asyncDispose]().then(() => (isDisposed = true));
    stand.clock.advance(999);
    await Promise.resolve();
    expect(isDisposed).toBe(false);
    stand.clock.advance(1);
    await disposing;
    expect(stand.clock.timerCount).toBe(0);
  });

  test('that was lost is not ended by whoever disposes of it', async () => {
    const stand = new Stand();
    stand.clock.advance(ttlMs);
    await stand.session[Symbol.asyncDispose]();
    expect(stand.ends).toBe(0);
  });

  test('is never believed in beyond what an engine grants, whatever comes of its renewals and clocks', async () => {
    const event = fc.record({
      waitMs: fc.integer({ min: 1, max: 400 }),
      answers: fc.constantFrom('alive', 'fails', 'nothing'),
      wallMs: fc.constantFrom(0, 0, 0, -5000, 200),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 30 }), async script => {
        const { clock, renewals, session } = new Stand();
        // The engine grants its time from when a renewal reaches it, at the earliest when it was sent.
        let grantedMs = 0;
        for (const { waitMs, answers, wallMs } of script) {
          clock.advance(waitMs);
          clock.stepWall(wallMs);
          const renewal = renewals.at(-1);
          if (renewal === undefined || session.lost.aborted) continue;
          if (answers === 'alive') {
            grantedMs = renewal.atMs;
            await renewal.answer(true);
          } else if (answers === 'fails') await renewal.fail();
          if (clock.monotonicMs() >= grantedMs + ttlMs - marginMs) expect(session.remainingMs()).toBe(0);
          expect(session.remainingMs()).toBeLessThanOrEqual(ttlMs - marginMs);
        }
      }),
      { numRuns: 200 },
    );
  });
});
