import { ManualClock } from '@quorate/core';
import { expect, test } from 'vitest';
import { QueueLooks } from '../src/host/queue/queue-looks.ts';

const from = { checkFromMs: 0, readyFromMs: 0 };
const fast = { tookMs: 1, from };
const slow = { tookMs: 100, from };

test('looks begin at the start as long as they are quick', () => {
  const looks = new QueueLooks(new ManualClock());
  expect(looks.from('q')).toEqual({ checkFromMs: 0, readyFromMs: 0 });
  for (let look = 0; look < 5; look++)
    looks.note('q', undefined, { ...fast, endedToMs: 1_000_000, readyAtMs: 900_000 });
  expect(looks.from('q').readyFromMs).toBe(0);
  looks.note('q', undefined, { ...slow, endedToMs: 1_000_000, readyAtMs: 900_000 });
  expect(looks.from('q').readyFromMs).toBe(0);
});

test('slow ones begin where the last found something, and now and then at the start', () => {
  const clock = new ManualClock();
  const looks = new QueueLooks(clock);
  for (let look = 0; look < 3; look++)
    looks.note('q', undefined, { ...slow, endedToMs: 1_000_000, readyAtMs: 900_000 });
  expect(looks.from('q').readyFromMs).toBe(900_000);
  looks.note('q', undefined, {
    tookMs: 1,
    from: { checkFromMs: 0, readyFromMs: 900_000 },
    endedToMs: 1_000_000,
    readyAtMs: 950_000,
  });
  expect(looks.from('q').readyFromMs).toBe(950_000);
  expect(looks.from('other').readyFromMs).toBe(0);
  // Looks in other lanes, from the start or not, are none in these.
  looks.note('q', [3], { ...fast, endedToMs: 1_000_000, readyAtMs: 970_000 });
  expect([looks.from('q', [3]).readyFromMs, looks.from('q').readyFromMs]).toEqual([0, 950_000]);
  clock.advance(1000);
  expect(looks.from('q').readyFromMs).toBe(0);
  // From the start it was quick: what was dead has been vacuumed.
  looks.note('q', undefined, { ...fast, endedToMs: 1_001_000, readyAtMs: 960_000 });
  expect(looks.from('q').readyFromMs).toBe(0);
});

test('ended leases are looked for from shortly before the last look, and now and then from the start', () => {
  const clock = new ManualClock();
  const looks = new QueueLooks(clock);
  looks.note('q', undefined, { ...fast, endedToMs: 1_000_000, readyAtMs: undefined });
  expect(looks.from('q').checkFromMs).toBe(990_000);
  // The server's clock was set back: so are the leases that are given from now on.
  looks.note('q', undefined, { ...fast, endedToMs: 500_000, readyAtMs: undefined });
  expect(looks.from('q').checkFromMs).toBe(490_000);
  clock.advance(60_000);
  expect(looks.from('q').checkFromMs).toBe(0);
  // One that began before it was time is none from the start.
  looks.note('q', undefined, {
    ...fast,
    from: { checkFromMs: 490_000, readyFromMs: 0 },
    endedToMs: 500_000,
    readyAtMs: undefined,
  });
  expect(looks.from('q').checkFromMs).toBe(0);
  looks.note('q', undefined, { ...fast, endedToMs: 500_000, readyAtMs: undefined });
  expect(looks.from('q').checkFromMs).toBe(490_000);
});
