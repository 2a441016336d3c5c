import type { Key } from '../key.ts';
import type { Members } from '../members.ts';
import type { Algorithm, Arcs, Placement, Settings, Table } from '../placement.ts';
import { cassandraToken } from './hash/cassandra-token.ts';
import { keyWords } from './hash/key-words.ts';
import { fromBigint, hash64, toBigint } from './hash/uint64.ts';
import { PointTable64 } from './point-table-64.ts';
import { allocatedTokens, type ExplicitTokens, explicitTokens, type NodeTokens } from './token-allocation.ts';
import { checkedSeed } from './seed.ts';

/** Options of the algorithm `tokens`. */
export interface TokensOptions {
  readonly algorithm: 'tokens';
  /**
   * The tokens of each node by id, as `nodetool ring` shows them: signed 64-bit integers, as bigints or decimal text. Every
   * node needs an entry; tokens of ids that are not among the nodes wait until such a node is added.
   */
  readonly tokens?: Readonly<Record<string, readonly (bigint | string)[]>> | undefined;
  /** Without `tokens`: how many a node of weight 1 gets, 1 to 65,536, default 256, Cassandra's `num_tokens` where they are random. */
  readonly tokensPerNode?: number | undefined;
  /** Without `tokens`: where they lie; unsigned 32 bits, default 0. */
  readonly seed?: number | undefined;
}

const TOKENS_DEFAULT = 256;
const TOKENS_MAX = 65_536;
const TOKEN_MIN = -(2n ** 63n);
const TOKEN_MAX = 2n ** 63n - 1n;
/** Tokens are signed; on the table their order is that of unsigned numbers with the top bit turned. */
const SIGN = 0x80000000;
const SPACE = { name: 'murmur3 token', start: TOKEN_MIN, end: 2n ** 63n };

const pair = hash64();

/**
 * A token ring as Cassandra and ScyllaDB have it with Murmur3Partitioner: a node owns from the token before its own,
 * exclusive, to its own, inclusive, and the lowest token takes what is above the highest.
 *
 * The list of several owners is that of SimpleStrategy; with `spread: 'zone'` each rack comes once before any comes twice.
 */
export class TokensRing implements Placement {
  readonly points: PointTable64;

  constructor(points: PointTable64) {
    this.points = points;
  }

  index(key: Key): number {
    keyWords.load(key);
    cassandraToken(keyWords.words, keyWords.length, pair);
    return this.points.owner((pair[0] as number) ^ SIGN, pair[1] as number);
  }

  /** The key's token. */
  hash(key: Key): bigint {
    keyWords.load(key);
    cassandraToken(keyWords.words, keyWords.length, pair);
    return BigInt.asIntN(64, toBigint(pair));
  }

  indexOfHash(hash: number | bigint): number {
    if (typeof hash !== 'bigint' || hash < TOKEN_MIN || hash > TOKEN_MAX) {
      const received = typeof hash === 'bigint' ? `${hash}n` : `the number ${hash}`;
      throw new RangeError(
        `Token must be a bigint from ${TOKEN_MIN}n to ${TOKEN_MAX}n: received ${received}`,
      );
    }
    fromBigint(hash, pair);
    return this.points.owner((pair[0] as number) ^ SIGN, pair[1] as number);
  }

  preference(key: Key, count: number, into: Int32Array): number {
    keyWords.load(key);
    cassandraToken(keyWords.words, keyWords.length, pair);
    return this.points.preference((pair[0] as number) ^ SIGN, pair[1] as number, count, into);
  }

  arcs(width: number): Arcs {
    return this.points.arcs(SPACE, width);
  }

  tables(): readonly Table[] {
    return this.points.tables();
  }
}

/** The algorithm `tokens`. */
export const tokens: Algorithm<TokensOptions, TokensRing> & { readonly name: 'tokens' } = {
  name: 'tokens',
  historyFree: true,
  order: 'by-id',

  settings({ tokens: explicit, tokensPerNode = TOKENS_DEFAULT, seed = 0 }): Settings {
    if (!(Number.isInteger(tokensPerNode) && tokensPerNode >= 1 && tokensPerNode <= TOKENS_MAX)) {
      throw new RangeError(
        `Tokens per node must be an integer from 1 to ${TOKENS_MAX}: received ${tokensPerNode}`,
      );
    }
    if (explicit === undefined) return { tokensPerNode, seed: checkedSeed(seed) };
    const texts = Object.entries(explicit).map(([id, list]) => [id, list.map(String)]);
    return { explicit: JSON.stringify(texts) };
  },

  place(members, settings) {
    const { explicit, tokensPerNode, seed } = settings as TokensSettings;
    const made: NodeTokens =
      explicit === undefined
        ? allocatedTokens(members, tokensPerNode, seed)
        : explicitTokens(members, new Map(JSON.parse(explicit) as ExplicitTokens));
    return new TokensRing(PointTable64.build(members.nodes.length, made.high, made.low, made.owners));
  },

  restore(members: Members, _settings: Settings, tables: readonly Table[]): TokensRing {
    return new TokensRing(PointTable64.restore(members.nodes.length, tables));
  },
};

type TokensSettings = { readonly explicit?: string; readonly tokensPerNode: number; readonly seed: number };
