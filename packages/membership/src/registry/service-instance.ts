import type { Entry, Revision, SessionId } from '@quorate/core';

/** How an instance says that it is. `warning` still serves; `critical` should get no work. */
export type HealthState = 'passing' | 'warning' | 'critical';

/** A state, and why, for people. */
export interface Health {
  readonly state: HealthState;
  /** Empty where there is nothing to say. */
  readonly reason: string;
}

/** What an instance tells of itself. */
export interface ServiceDescription {
  /** Where it is reached, in whatever form its users take. */
  readonly address: string;
  readonly meta: Readonly<Record<string, string>>;
  readonly health: Health;
}

/** An instance that is registered, as a reader sees it. */
export interface ServiceInstance extends ServiceDescription {
  readonly service: string;
  readonly id: string;
  /** When it was last written; it grows with each change. */
  readonly revision: Revision;
  /** By whose end it goes. */
  readonly session: SessionId | undefined;
}

const healthStates: ReadonlySet<unknown> = new Set<HealthState>(['passing', 'warning', 'critical']);

/** The longest description as stored, in bytes. */
const descriptionMaxBytes = 16_384;
const reasonLengthMax = 1024;

const utf8 = new TextEncoder();
const text = new TextDecoder('utf-8', { fatal: true });

/** What is stored of a description: JSON, so that an operator can read it. @throws TypeError, RangeError where it is none */
export function encodeDescription({ address, meta, health }: ServiceDescription): Uint8Array {
  if (typeof address !== 'string')
    throw new TypeError(`Address must be a string: received ${typeof address}`);
  for (const [key, value] of Object.entries(meta)) {
    if (typeof value !== 'string')
      throw new TypeError(`Metadata "${key}" must be a string: received ${typeof value}`);
  }
  if (!healthStates.has(health.state)) {
    throw new RangeError(
      `Health must be one of passing, warning and critical: received ${JSON.stringify(health.state)}`,
    );
  }
  if (typeof health.reason !== 'string' || health.reason.length > reasonLengthMax)
    throw new RangeError(`Reason must be a string of at most ${reasonLengthMax} characters`);
  const { state, reason } = health;
  const bytes = utf8.encode(JSON.stringify({ version: 1, address, meta, health: { state, reason } }));
  if (bytes.length <= descriptionMaxBytes) return bytes;
  throw new RangeError(
    `Description must be at most ${descriptionMaxBytes} bytes as JSON: received ${bytes.length}`,
  );
}

/** What an entry says, or nothing where somebody else wrote there. */
export function decodeInstance(entry: Entry): ServiceInstance | undefined {
  const [, service, id] = entry.key.split('/');
  if (service === undefined || id === undefined) return undefined;
  const found = parse(entry.value);
  if (typeof found !== 'object' || found === null) return undefined;
  const { version, address, meta, health } = found as Record<string, unknown>;
  if (version !== 1 || typeof address !== 'string' || !isTexts(meta) || !isHealth(health)) return undefined;
  const { modified: revision, session } = entry;
  return { service, id, address, meta, health, revision, session };
}

/** A segment of a key. @throws TypeError, RangeError where it could be taken for more than one */
export function checkName(what: string, name: string): string {
  if (typeof name !== 'string') throw new TypeError(`${what} must be a string: received ${typeof name}`);
  if (name.length === 0 || name.length > 255 || /[/\0\p{Surrogate}]/u.test(name)) {
    throw new RangeError(
      `${what} must be 1 to 255 characters of well-formed Unicode without "/" and NUL: received ${JSON.stringify(name)}`,
    );
  }
  return name;
}

function parse(value: Uint8Array): unknown {
  try {
    return JSON.parse(text.decode(value));
  } catch {
    return undefined;
  }
}

function isTexts(value: unknown): value is Readonly<Record<string, string>> {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every(each => typeof each === 'string')
  );
}

function isHealth(value: unknown): value is Health {
  if (typeof value !== 'object' || value === null) return false;
  const { state, reason } = value as Record<string, unknown>;
  return healthStates.has(state) && typeof reason === 'string';
}
