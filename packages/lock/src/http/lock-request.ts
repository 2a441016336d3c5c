import { RefusedRequest } from '@quorate/core';

/** What a lock is asked for with. */
export interface LockRequest {
  /** For people and programs that look: it is shown to whoever finds the lock held, and releases it. */
  readonly value: string;
  /** Names this acquisition: a repeated request with it is answered as the first one. */
  readonly token: string | undefined;
  /** How long it is held, if nobody releases it before. */
  readonly lifetimeMs: number;
}

/** Limits of what is taken. */
export interface RequestLimits {
  readonly bodyMaxBytes: number;
  readonly ttlMinMs: number;
  readonly ttlMaxMs: number;
}

export const valueMaxLength = 4096;
export const tokenMaxLength = 200;

/**
 * Reads what a lock is asked for with. Its end is given by one of two: `expiresInMs` from now, or `expiresAt`, which is
 * milliseconds since 1970 or an ISO 8601 date, by the server's clock.
 *
 * @throws RefusedRequest
 */
export function readLockRequest(
  body: Record<string, unknown>,
  { ttlMinMs, ttlMaxMs }: RequestLimits,
  wallMs: number,
): LockRequest {
  const { expiresInMs, expiresAt } = body;
  if ((expiresInMs === undefined) === (expiresAt === undefined))
    throw new RefusedRequest(400, 'Body must have one of expiresInMs and expiresAt');
  const lifetimeMs = expiresAt === undefined ? expiresInMs : momentMs(expiresAt) - wallMs;
  if (typeof lifetimeMs !== 'number' || !(lifetimeMs >= ttlMinMs && lifetimeMs <= ttlMaxMs))
    throw new RefusedRequest(400, `Lock must expire between ${ttlMinMs} and ${ttlMaxMs} ms from now`);
  return {
    value: text(body, 'value', valueMaxLength) ?? '',
    token: text(body, 'token', tokenMaxLength),
    lifetimeMs: Math.ceil(lifetimeMs),
  };
}

/** A field that is a string, if it is there. @throws RefusedRequest */
export function text(body: Record<string, unknown>, field: string, lengthMax: number): string | undefined {
  const value = body[field];
  if (value === undefined) return undefined;
  if (typeof value === 'string' && value.length <= lengthMax) return value;
  throw new RefusedRequest(400, `Field ${field} must be a string of at most ${lengthMax} characters`);
}

function momentMs(expiresAt: unknown): number {
  if (typeof expiresAt === 'number') return expiresAt;
  const isDate =
    typeof expiresAt === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)$/.test(expiresAt);
  const parsed = isDate ? parseDate(expiresAt) : Number.NaN;
  if (Number.isFinite(parsed)) return parsed;
  throw new RefusedRequest(
    400,
    'Field expiresAt must be milliseconds since 1970 or an ISO 8601 date with a zone',
  );
}

function parseDate(value: string): number {
  const match = /^(\d+)-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3})\d*)?)?(Z|[+-]\d\d:\d\d)$/.exec(
    value,
  );
  if (match === null) return Number.NaN;
  const [, year, month, day, hour, minute, second = '0', fraction = '0', zone = 'Z'] = match;
  const limits = [
    [month, 12],
    [day, 31],
    [hour, 23],
    [minute, 59],
    [second, 59],
  ] as const;
  if (limits.some(([part, max]) => Number(part) > max)) return Number.NaN;
  const local = dayNumber(Number(year), Number(month), Number(day)) * 86_400_000;
  const timeMs = (Number(hour) * 60 + Number(minute)) * 60_000 + Number(second) * 1000;
  const offset = zone === 'Z' ? 0 : (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4))) * 60_000;
  return local + timeMs + Number(fraction.padEnd(3, '0')) - (zone.startsWith('-') ? -offset : offset);
}

/** Days since 1970 of the Gregorian calendar (Hinnant, "chrono-compatible low-level date algorithms", 2014). */
function dayNumber(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}
