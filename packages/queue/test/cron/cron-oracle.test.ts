import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CronExpression } from '../../src/cron/cron-expression.ts';
import { CronTimetable } from '../../src/cron/cron-timetable.ts';
import { TimeZone } from '../../src/cron/time-zone.ts';
import { lastSlots } from '../../src/schedules/slots.ts';
import { MinuteOracle } from './minute-oracle.ts';

const dayMs = 86_400_000;

/** Zones whose clocks change by an hour, by half an hour, at midnight, by a day, around Ramadan, and never. */
const changes: readonly (readonly [zone: string, near: number])[] = [
  ['Europe/Berlin', Date.UTC(2026, 2, 29)],
  ['Europe/Berlin', Date.UTC(2026, 9, 25)],
  ['America/New_York', Date.UTC(2027, 2, 14)],
  ['America/New_York', Date.UTC(2026, 10, 1)],
  ['Australia/Lord_Howe', Date.UTC(2026, 9, 3)],
  ['Australia/Lord_Howe', Date.UTC(2027, 3, 3)],
  ['Asia/Beirut', Date.UTC(2026, 2, 28)],
  ['America/Sao_Paulo', Date.UTC(2018, 10, 3)],
  ['Pacific/Apia', Date.UTC(2011, 11, 29)],
  ['Africa/Casablanca', Date.UTC(2026, 1, 14)],
  ['Asia/Kolkata', Date.UTC(2026, 1, 27)],
  ['UTC', Date.UTC(2024, 1, 28)],
];

const runs = process.env['QUORATE_LONG'] === undefined ? 60 : 400;

function values(min: number, max: number): fc.Arbitrary<string> {
  const value = fc.integer({ min, max });
  const range = fc
    .tuple(value, value)
    .map(([one, other]) => `${Math.min(one, other)}-${Math.max(one, other)}`);
  const step = fc.integer({ min: 1, max: max - min });
  const part = fc.oneof(
    { weight: 3, arbitrary: value.map(String) },
    range,
    fc.tuple(fc.oneof(fc.constant('*'), range, value.map(String)), step).map(([of, by]) => `${of}/${by}`),
  );
  return fc.oneof(
    { weight: 2, arbitrary: fc.constant('*') },
    fc.array(part, { minLength: 1, maxLength: 3 }).map(parts => parts.join(',')),
  );
}

const monthDay = fc.oneof(
  { weight: 3, arbitrary: fc.constant('*') },
  { weight: 2, arbitrary: values(1, 31) },
  fc.constantFrom('L', 'L-2', 'LW', '1W', '15W', '29W', '?'),
);
const weekday = fc.oneof(
  { weight: 3, arbitrary: fc.constant('*') },
  { weight: 2, arbitrary: values(0, 6) },
  fc.constantFrom('MON-FRI', 'FRI-SUN', '7', '5L', 'sunL', 'TUE#2', '0#5', '?'),
);

describe('against every minute looked at', () => {
  test('an expression comes at the same times as in the calendar read minute by minute', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...changes),
        values(0, 59),
        fc.oneof(values(0, 23), values(0, 4)),
        monthDay,
        weekday,
        ([zone, near], minute, hour, day, week) => {
          const text = `${minute} ${hour} ${day} * ${week}`;
          const [fromMs, toMs] = [near - dayMs, near + 3 * dayMs];
          const oracle = new MinuteOracle(text, zone);
          if (!oracle.hasDay()) {
            expect(() => new CronExpression(text)).toThrow('must have a day that comes');
            return;
          }
          const expected = oracle.times(fromMs, toMs);
          const timetable = new CronTimetable(new CronExpression(text), new TimeZone(zone));
          const found: number[] = [];
          for (let at = timetable.next(fromMs); at !== undefined && at <= toMs; at = timetable.next(at)) {
            found.push(at);
          }
          expect(found).toEqual(expected);
          expect(lastSlots(timetable, fromMs, toMs, 5)).toEqual(expected.slice(-5));
        },
      ),
      { numRuns: runs, examples: [[changes[0], '*', '*', '*/14', 'TUE#2']] },
    );
  }, 900_000);
});
