import type { AlgorithmName } from '@quorate/ring';
import { usageFailure } from '../failure.ts';

/** An algorithm of `@quorate/ring` with options. */
export interface AlgorithmSpec {
  /** As the user wrote it: `ring`, or `ring:vnodes=40`. */
  readonly label: string;
  readonly algorithm: AlgorithmName;
  readonly options: Readonly<Record<string, string | number>>;
}

interface KnownAlgorithm {
  readonly about: string;
  /** Options that can be given on the command line, and what kind of value they take. */
  readonly options: Readonly<Record<string, 'number' | 'text'>>;
}

/** Every algorithm, in the order of the reports. */
export const knownAlgorithms: Readonly<Record<AlgorithmName, KnownAlgorithm>> = {
  ring: { about: 'points on a ring over XXH32', options: { vnodes: 'number', seed: 'number' } },
  rendezvous: { about: 'highest random weight', options: { seed: 'number' } },
  maglev: { about: 'a permutation table', options: { tableSize: 'number', seed: 'number' } },
  'multi-probe': {
    about: 'one point a node, many probes a key',
    options: { probes: 'number', pointsPerNode: 'number', seed: 'number' },
  },
  jump: { about: 'jump hash, buckets in the order of the file', options: { seed: 'number' } },
  jumpback: { about: 'JumpBackHash, buckets in the order of the file', options: { seed: 'number' } },
  ketama: { about: "libketama's ring", options: { variant: 'text' } },
  slots: { about: "Redis Cluster's 16,384 slots", options: {} },
  tokens: { about: "Cassandra's Murmur3 tokens", options: { tokensPerNode: 'number' } },
  'envoy-ring': {
    about: "Envoy's ring hash",
    options: { minimumRingSize: 'number', maximumRingSize: 'number', hashFunction: 'text' },
  },
  'envoy-maglev': { about: "Envoy's Maglev", options: { tableSize: 'number' } },
};

/** All algorithms as they are by default. */
export function allAlgorithms(): AlgorithmSpec[] {
  const names = Object.keys(knownAlgorithms) as AlgorithmName[];
  return names.map(name => ({ label: name, algorithm: name, options: {} }));
}

/**
 * The algorithms of a list such as `ring,ring:vnodes=40,ketama:variant=libmemcached`.
 *
 * @throws CommandFailure (usage) on an unknown algorithm or option, or the same entry twice
 */
export function parseAlgorithms(list: string): AlgorithmSpec[] {
  const specs = list.split(',').map(entry => parseAlgorithm(entry.trim()));
  const labels = new Set<string>();
  for (const { label } of specs) {
    if (labels.has(label)) throw usageFailure(`--algorithm names ${label} twice`);
    labels.add(label);
  }
  return specs;
}

function parseAlgorithm(entry: string): AlgorithmSpec {
  const [name = '', ...settings] = entry.split(':');
  if (!isAlgorithm(name)) {
    const names = Object.keys(knownAlgorithms).join(', ');
    throw usageFailure(`--algorithm ${JSON.stringify(name)}: the algorithms are ${names}`);
  }
  const known = knownAlgorithms[name];
  const options: Record<string, string | number> = {};
  for (const setting of settings) {
    const [, option = '', value = ''] = /^([^=]*)=(.*)$/s.exec(setting) ?? [undefined, setting];
    const kind = Object.hasOwn(known.options, option) ? known.options[option] : undefined;
    if (kind === undefined) throw usageFailure(`--algorithm ${entry}: ${optionsOf(name, known)}`);
    options[option] = kind === 'text' ? value : numberOf(value, entry, option);
  }
  return { label: entry, algorithm: name, options };
}

function isAlgorithm(name: string): name is AlgorithmName {
  return Object.hasOwn(knownAlgorithms, name);
}

function optionsOf(name: string, known: KnownAlgorithm): string {
  const names = Object.keys(known.options);
  return names.length === 0
    ? `${name} has no options here`
    : `options of ${name} are ${names.map(option => `${option}=…`).join(' and ')}`;
}

function numberOf(text: string, entry: string, option: string): number {
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  throw usageFailure(`--algorithm ${entry}: ${option} must be a number: received ${JSON.stringify(text)}`);
}
