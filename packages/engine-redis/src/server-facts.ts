import type { Durability } from '@quorate/core';

/** What a server says of itself; a map is undefined where the server does not let us ask. */
export interface ServerFacts {
  readonly info: ReadonlyMap<string, string> | undefined;
  readonly config: ReadonlyMap<string, string> | undefined;
}

/** The answer of INFO, as a map. */
export function readInfo(text: string): ReadonlyMap<string, string> {
  const pairs = text
    .split(/\r?\n/)
    .map(line => line.split(':'))
    .filter(parts => parts.length >= 2);
  return new Map(pairs.map(([name, ...value]) => [name as string, value.join(':')]));
}

/** The answer of CONFIG GET, a flat list of names and values or an object, as a map. */
export function readConfig(answer: unknown): ReadonlyMap<string, string> {
  if (!Array.isArray(answer)) return new Map(Object.entries(answer as Record<string, string>));
  const map = new Map<string, string>();
  for (let index = 0; index + 1 < answer.length; index += 2)
    map.set(String(answer[index]), String(answer[index + 1]));
  return map;
}

const ORDER: readonly Durability[] = ['memory', 'os', 'fsync', 'quorum'];

/**
 * Where a server's acknowledged writes are.
 *
 * - `fsync` with `appendfsync always`: Redis syncs before it answers.
 * - `os` with `appendfsync no`, or where syncs are left out while the file is rewritten: it writes before it answers.
 * - `memory` with `everysec`, though that loses less when the power fails: while the sync in the background is under way Redis puts
 *   its writes off for up to two seconds and answers all the same, so that a killed process takes acknowledged writes along.
 * - `memory` with snapshots or nothing, and where the server does not say.
 */
export function durabilityOf({ config }: ServerFacts): Durability {
  if (config?.get('appendonly') !== 'yes') return 'memory';
  const policy = config.get('appendfsync');
  if (policy === 'always') return config.get('no-appendfsync-on-rewrite') === 'yes' ? 'os' : 'fsync';
  return policy === 'no' ? 'os' : 'memory';
}

/** The weakest of several: a key may be on any of them. */
export function weakest(levels: readonly Durability[]): Durability {
  return ORDER.find(level => levels.includes(level)) ?? 'memory';
}

/** Whether a server stands alone, so that no replica can take over that lacks what was acknowledged. False where it does not say. */
export function isAlone({ info }: ServerFacts): boolean {
  return info?.get('role') === 'master' && info.get('connected_slaves') === '0';
}

/** The policy by which a server may drop entries that nobody has deleted; undefined where it drops none of ours, or does not say. */
export function evictionOf({ info }: ServerFacts): string | undefined {
  const policy = info?.get('maxmemory_policy');
  if (policy === undefined || info?.get('maxmemory') === '0') return undefined;
  // What is not being forgotten anyway has no expiry, so that a volatile policy passes it by.
  return policy.startsWith('allkeys') ? policy : undefined;
}
