import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { skipReason } from '@quorate/servers';
import { describe, expect, test } from 'vitest';
import { openQueueStore, startEngine } from '../engines.ts';
import { type ClockSeen, clockHistory } from './clock-history.ts';
import { clockMissing, SteppedClock } from './stepped-clock.ts';
import { SteppedStamps } from './stepped-stamps.ts';

const program = fileURLToPath(new URL('clock-child.ts', import.meta.url));
const noClock = process.env['QUORATE_REQUIRE_SERVICES'] === '1' ? undefined : clockMissing();
const timeout = 240_000;

/** Leases end by the server's clock, so one that goes forward ends them. */
const endsEarly = {
  forward: ['delayed', 'held', 'waits'],
  settled: 'lost',
  again: ['after'],
  leftCount: 0,
  isGrowing: true,
} satisfies Partial<ClockSeen>;
/** Time goes on from where it was, and so does what waits for it. */
const goesOn = { back: ['after', 'before'], caughtUp: ['last'] } satisfies Partial<ClockSeen>;
/** What came before waits until the clock is where it was. */
const waits = { back: ['after'], caughtUp: ['before', 'last'] } satisfies Partial<ClockSeen>;

describe('a wall clock that is set by an hour and back loses nothing and gives nothing to two', () => {
  test.skipIf(noClock !== undefined)(
    `of the machine, on lmdb, whose leases end by the time of the boot (needs Linux, a C compiler)`,
    { timeout },
    async () => {
      await using stand = await startEngine('lmdb');
      using clock = new SteppedClock();
      const { stdout } = await promisify(execFile)(
        process.execPath,
        [program, JSON.stringify(stand.address), '2', '2'],
        { env: { ...process.env, ...clock.environment } },
      );
      const kept = { ...endsEarly, forward: ['delayed', 'waits'], settled: 'applied' };
      expect(JSON.parse(stdout)).toEqual({ ...kept, ...goesOn });
    },
  );

  for (const [engine, expected] of [
    ['redis', goesOn],
    ['postgres', waits],
  ] as const) {
    const reason = skipReason(engine) ?? noClock;
    test.skipIf(reason !== undefined)(
      `of the server, on ${engine} (needs it, Linux, a C compiler)`,
      { timeout },
      async () => {
        using clock = new SteppedClock();
        await using stand = await clock.around(() => startEngine(engine));
        await using store = await openQueueStore(stand.address);
        const seen = await clockHistory(store, at => clock.set(at), 3, expected.back.length);
        expect(seen).toEqual({ ...endsEarly, ...expected });
      },
    );
  }

  const reason = skipReason('nats');
  test.skipIf(reason !== undefined)(
    `of the server by its stamps, on nats (needs it${reason === undefined ? '' : `, ${reason}`})`,
    { timeout },
    async () => {
      await using stand = await startEngine('nats');
      await using stamps = await SteppedStamps.start(stand.server?.port as number);
      await using store = await openQueueStore({ engine: 'nats', at: stamps.url });
      const seen = await clockHistory(store, at => stamps.set(at), 3, goesOn.back.length);
      expect(seen).toEqual({ ...endsEarly, ...goesOn });
    },
  );
});
