import type { Key } from '../key.ts';
import type { Members } from '../members.ts';
import type { Algorithm, Arcs, Placement, Settings, Table } from '../placement.ts';
import { PointTable } from '../points/point-table.ts';
import { ownersArray } from '../points/points.ts';
import { sortPoints } from '../points/sort-points.ts';
import { keyWords } from './hash/key-words.ts';
import { md5 } from './hash/md5.ts';
import { checkedHash32 } from './hash-ring.ts';
import { appendIdle, idleNodes } from './idle-nodes.ts';
import { ketamaDigests, type KetamaVariant, pointsPerDigest, writeKetamaPoints } from './ketama.ts';

/** Options of the algorithm `ketama`. */
export interface KetamaOptions {
  readonly algorithm: 'ketama';
  /** Whose map to reproduce. Default `'libketama'`. Ids are "host:port", weights what those libraries are configured with. */
  readonly variant?: KetamaVariant | undefined;
}

const VARIANTS: readonly KetamaVariant[] = ['libketama', 'libmemcached', 'hash_ring'];
const WEIGHT_MIN = 2 ** -20;
const WEIGHT_MAX = 2 ** 53;

/**
 * Ketama, exactly as memcached clients have it: MD5, shares in single precision.
 *
 * Point counts depend on the shares of all servers, so a change of one weight or a new server moves some keys between
 * servers that nobody touched; that is the price of agreeing with those clients. A share too small for one digest
 * (below 1/40 of the average) gets no point.
 */
export class KetamaRing implements Placement {
  readonly points: PointTable;
  readonly #idle: Int32Array;

  constructor(points: PointTable, idle: Int32Array) {
    this.points = points;
    this.#idle = idle;
  }

  index(key: Key): number {
    return this.points.owner(signedHash(key));
  }

  /** The first four bytes of the key's MD5, least first. */
  hash(key: Key): number {
    return signedHash(key) >>> 0;
  }

  indexOfHash(hash: number | bigint): number {
    return this.points.owner(checkedHash32(hash));
  }

  preference(key: Key, count: number, into: Int32Array): number {
    const found = this.points.preference(signedHash(key), count, into);
    return appendIdle(found, count, into, this.#idle);
  }

  arcs(width: number): Arcs {
    return this.points.arcs({ name: 'md5', start: 0, end: 2 ** 32 }, width);
  }

  tables(): readonly Table[] {
    return this.points.tables();
  }
}

/** The algorithm `ketama`. */
export const ketama: Algorithm<KetamaOptions, KetamaRing> & { readonly name: 'ketama' } = {
  name: 'ketama',
  historyFree: true,
  order: 'by-id',

  settings({ variant = 'libketama' }) {
    if (VARIANTS.includes(variant)) return { variant };
    throw new RangeError(`Variant must be one of ${VARIANTS.join(', ')}: received "${variant}"`);
  },

  place(members, settings) {
    const { variant } = settings as { readonly variant: KetamaVariant };
    const digests = digestCounts(members, variant);
    const perDigest = pointsPerDigest(variant);
    const total = digests.reduce((sum, count) => sum + count * perDigest, 0);
    const positions = new Uint32Array(total);
    const owners = ownersArray(members.nodes.length, total);
    let at = 0;
    for (const { id, index } of members.nodes) {
      const count = digests[index] as number;
      writeKetamaPoints(variant, id, count, positions, at);
      owners.fill(index, at, at + count * perDigest);
      at += count * perDigest;
    }
    // Where points fall together the originals leave the owner to their sort; here the lower id has it.
    const sorted = sortPoints(positions, owners);
    const table = new PointTable(members.nodes.length, sorted.positions, sorted.owners);
    return new KetamaRing(table, idleNodes(members, sorted.owners));
  },

  restore(members: Members, _settings: Settings, tables: readonly Table[]): KetamaRing {
    const table = PointTable.restore(members.nodes.length, tables);
    return new KetamaRing(table, idleNodes(members, table.owners));
  },
};

function signedHash(key: Key): number {
  keyWords.load(key);
  return md5(keyWords.words, keyWords.length)[0] as number;
}

/** Digests of each node, by index. @throws RangeError on a weight beyond single precision's reach. */
function digestCounts(members: Members, variant: KetamaVariant): readonly number[] {
  let servers = 0;
  for (const { id, weight } of members.nodes) {
    if (weight === 0) continue;
    if (weight < WEIGHT_MIN || weight > WEIGHT_MAX) {
      throw new RangeError(
        `Weight of node "${id}" must be 0 or from 2^-20 to 2^53 with algorithm "ketama": received ${weight}`,
      );
    }
    servers++;
  }
  return members.nodes.map(({ weight }) =>
    weight === 0 ? 0 : ketamaDigests(variant, weight, members.totalWeight, servers),
  );
}
