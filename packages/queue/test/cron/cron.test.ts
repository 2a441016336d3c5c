import { describe, expect, test } from 'vitest';
import { parseCron } from '../../src/cron/parse-cron.ts';
import { civilMs, civilOf } from '../../src/cron/civil-time.ts';

/** The first times after a moment, as UTC. */
function times(expression: string, after: string, count: number, zone?: string): readonly string[] {
  const timetable = parseCron(expression, zone);
  const found: string[] = [];
  let at = Date.parse(after);
  while (found.length < count) {
    const next = timetable.next(at);
    if (next === undefined) break;
    found.push(new Date(next).toISOString().replace('.000Z', 'Z'));
    at = next;
  }
  return found;
}

describe('expressions', () => {
  test('fields, names, lists, ranges and steps', () => {
    expect(times('*/20 9-10 * jan,MAR mon-wed', '2026-01-28T10:30:00Z', 3)).toEqual([
      '2026-01-28T10:40:00Z',
      '2026-03-02T09:00:00Z',
      '2026-03-02T09:20:00Z',
    ]);
    expect(times('5/25 * * * *', '2026-01-01T00:00:00Z', 3)).toEqual([
      '2026-01-01T00:05:00Z',
      '2026-01-01T00:30:00Z',
      '2026-01-01T00:55:00Z',
    ]);
  });

  test('six fields begin with seconds; a time on the second is not its own next', () => {
    expect(times('15,45 0 0 * * *', '2026-01-01T00:00:15Z', 2)).toEqual([
      '2026-01-01T00:00:45Z',
      '2026-01-02T00:00:15Z',
    ]);
    expect(times('* * * * * *', '2026-01-01T00:00:00.400Z', 1)).toEqual(['2026-01-01T00:00:01Z']);
  });

  test('a day of the month or of the week, where both are named; both, where one begins with a star', () => {
    expect(times('0 0 13 * FRI', '2026-11-01T00:00:00Z', 3)).toEqual([
      '2026-11-06T00:00:00Z',
      '2026-11-13T00:00:00Z',
      '2026-11-20T00:00:00Z',
    ]);
    expect(times('0 0 */10 * FRI', '2026-01-02T00:00:00Z', 2)).toEqual([
      '2026-05-01T00:00:00Z',
      '2026-07-31T00:00:00Z',
    ]);
  });

  test('L, W and #', () => {
    expect(times('0 0 L * *', '2024-02-01T00:00:00Z', 2)).toEqual([
      '2024-02-29T00:00:00Z',
      '2024-03-31T00:00:00Z',
    ]);
    expect(times('0 0 L-2 2 *', '2026-01-01T00:00:00Z', 1)).toEqual(['2026-02-26T00:00:00Z']);
    // 15 August 2026 is a Saturday, 1 August as well: the nearest weekday stays in the month.
    expect(times('0 0 1W,15W 8 *', '2026-07-31T00:00:00Z', 2)).toEqual([
      '2026-08-03T00:00:00Z',
      '2026-08-14T00:00:00Z',
    ]);
    expect(times('0 0 LW 5 *', '2026-05-01T00:00:00Z', 1)).toEqual(['2026-05-29T00:00:00Z']);
    expect(times('0 0 * * 5#2', '2026-06-01T00:00:00Z', 1)).toEqual(['2026-06-12T00:00:00Z']);
    expect(times('0 0 * * friL', '2026-06-01T00:00:00Z', 1)).toEqual(['2026-06-26T00:00:00Z']);
  });

  test('macros', () => {
    expect(times('@Monthly', '2026-01-31T12:00:00Z', 1)).toEqual(['2026-02-01T00:00:00Z']);
    expect(times('@hourly', '2026-01-31T12:00:00Z', 1)).toEqual(['2026-01-31T13:00:00Z']);
  });

  test('a leap day is found across a century without one', () => {
    expect(times('0 0 29 2 *', '2096-03-01T00:00:00Z', 1)).toEqual(['2104-02-29T00:00:00Z']);
    expect(times('0 0 29 2 *', '2096-03-01T00:00:00Z', 1, 'Europe/Berlin')).toEqual(['2104-02-28T23:00:00Z']);
  });

  test.each([
    ['* * * *', 'Cron expression must have 5 or 6 fields: received "* * * *" with 4'],
    ['60 * * * *', 'Cron field "minute" must have values from 0 to 59: received "60"'],
    ['* 24 * * *', 'Cron field "hour" must have values from 0 to 23: received "24"'],
    ['* * 0 * *', 'Cron field "day of month" must have values from 1 to 31: received "0"'],
    [
      '* * * FEBR *',
      'Cron field "month" must have values from 1 to 12 or a name such as JAN: received "FEBR"',
    ],
    [
      '* * * * 8',
      'Cron field "day of week" must have values from 0 to 7 or a name such as SUN: received "8"',
    ],
    ['*/0 * * * *', 'Cron field "minute" must have a step of at least 1: received "*/0"'],
    ['5-1 * * * *', 'Cron field "minute" must have ranges that do not run back: received "5-1"'],
    ['1-2-3 * * * *', 'Cron field "minute" must have ranges a-b: received "1-2-3"'],
    ['1/2/3 * * * *', 'Cron field "minute" must have one step: received "1/2/3"'],
    ['* * * * 5#6', 'Cron field "day of week" must have #1 to #5: received "5#6"'],
    ['* * L-31 * *', 'Cron field "day of month" must have L-0 to L-30: received "L-31"'],
    [', * * * *', 'Cron field "minute" must have values from 0 to 59: received ""'],
    ['0 0 30 2 *', 'Cron expression must have a day that comes: received "0 0 30 2 *"'],
    ['? * * * *', 'Cron field "minute" must have values from 0 to 59: received "?"'],
  ])('%s is refused', (expression, message) => {
    expect(() => parseCron(expression)).toThrow(new RangeError(message));
  });

  test('a zone must be one', () => {
    expect(() => parseCron('* * * * *', 'Europe/Atlantis')).toThrow(
      new RangeError('Time zone must be one of the IANA database: received "Europe/Atlantis"'),
    );
  });
});

describe('where clocks are set', () => {
  test('forward: a time of day that is left out comes at the moment of the change', () => {
    // Berlin, 29 March 2026: 02:00 becomes 03:00 at 01:00 UTC.
    expect(times('30 2 * * *', '2026-03-28T00:00:00Z', 3, 'Europe/Berlin')).toEqual([
      '2026-03-28T01:30:00Z',
      '2026-03-29T01:00:00Z',
      '2026-03-30T00:30:00Z',
    ]);
  });

  test('forward: what is meant as an interval just goes on', () => {
    expect(times('30 * * * *', '2026-03-29T00:00:00Z', 3, 'Europe/Berlin')).toEqual([
      '2026-03-29T00:30:00Z',
      '2026-03-29T01:30:00Z',
      '2026-03-29T02:30:00Z',
    ]);
  });

  test('back: a time of day that comes twice counts the first time', () => {
    // Berlin, 25 October 2026: 03:00 becomes 02:00 at 01:00 UTC.
    expect(times('30 2 * * *', '2026-10-24T12:00:00Z', 2, 'Europe/Berlin')).toEqual([
      '2026-10-25T00:30:00Z',
      '2026-10-26T01:30:00Z',
    ]);
  });

  test('back: what is meant as an interval counts twice', () => {
    expect(times('30 * * * *', '2026-10-25T00:00:00Z', 3, 'Europe/Berlin')).toEqual([
      '2026-10-25T00:30:00Z',
      '2026-10-25T01:30:00Z',
      '2026-10-25T02:30:00Z',
    ]);
  });

  test('a day that is left out', () => {
    // Samoa had no 30 December 2011.
    expect(times('0 12 30 12 *', '2011-12-01T00:00:00Z', 2, 'Pacific/Apia')).toEqual([
      '2011-12-30T10:00:00Z',
      '2012-12-29T22:00:00Z',
    ]);
  });
});

test('the calendar is that of the platform', () => {
  for (let day = -800_000; day <= 800_000; day += 401) {
    const at = day * 86_400_000 + ((day * 7919) % 86_400) * 1000;
    const date = new Date(at);
    const civil = civilOf(at);
    expect(civil).toEqual({
      year: date.getUTCFullYear(),
      month: date.getUTCMonth() + 1,
      day: date.getUTCDate(),
      hour: date.getUTCHours(),
      minute: date.getUTCMinutes(),
      second: date.getUTCSeconds(),
    });
    expect(civilMs(civil)).toBe(at);
  }
});
