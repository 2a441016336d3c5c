/** Tokens of the nodes of a ring, as positions for a `PointTable64`: given by the caller, or derived from the ids. */

import type { Members } from '../members.ts';
import { pointCounts } from '../points/node-points.ts';
import { type Owners, ownersArray } from '../points/points.ts';
import { fromBigint, hash64 } from './hash/uint64.ts';
import { xxh64OfKey } from './hash/xxh64.ts';

/** Positions in halves, the top bit turned so that their unsigned order is the signed order of tokens; and who has them. */
export interface NodeTokens {
  readonly high: Uint32Array;
  readonly low: Uint32Array;
  readonly owners: Owners;
}

/** Decimal tokens by id. */
export type ExplicitTokens = readonly (readonly [id: string, tokens: readonly string[]])[];

const SIGN = 0x80000000;
const DECIMAL = /^-?[0-9]{1,19}$/;

function emptyTokens(members: Members, count: number): NodeTokens {
  const owners = ownersArray(members.nodes.length, count);
  return { high: new Uint32Array(count), low: new Uint32Array(count), owners };
}

/**
 * Tokens at XXH64 of "id_i": a node's tokens depend on its id and weight only, so nothing moves between untouched nodes.
 *
 * @throws RangeError where that is more points than a node or a ring may have.
 */
export function allocatedTokens(members: Members, tokensPerNode: number, seed: number): NodeTokens {
  const counts = pointCounts(members, tokensPerNode);
  const made = emptyTokens(
    members,
    counts.reduce((sum, count) => sum + count, 0),
  );
  const pair = hash64();
  let at = 0;
  for (const { id, index } of members.nodes) {
    for (let i = 0; i < (counts[index] as number); i++) {
      xxh64OfKey(`${id}_${i}`, seed, pair);
      made.high[at] = pair[0] as number;
      made.low[at] = pair[1] as number;
      made.owners[at++] = index;
    }
  }
  return made;
}

/**
 * The caller's tokens. A node of weight 0 keeps its tokens to itself, any other weight must be 1.
 *
 * @throws RangeError on a node without tokens, a token outside of 64 bits, one that is given twice, or another weight.
 */
export function explicitTokens(members: Members, byId: ReadonlyMap<string, readonly string[]>): NodeTokens {
  const holders = members.nodes.filter(node => node.weight > 0);
  for (const { id, weight } of holders) {
    if (weight !== 1) {
      throw new RangeError(
        `Weight of node "${id}" must be 0 or 1 where tokens are given: received ${weight}`,
      );
    }
    if ((byId.get(id) ?? []).length === 0)
      throw new RangeError(`Node "${id}" must have at least one token: received none`);
  }
  const count = holders.reduce((sum, { id }) => sum + (byId.get(id) ?? []).length, 0);
  const made = emptyTokens(members, count);
  const holderOf = new Map<bigint, string>();
  const pair = hash64();
  let at = 0;
  for (const { id, index } of holders) {
    for (const text of byId.get(id) ?? []) {
      const token = checkedToken(id, text);
      const other = holderOf.get(token);
      if (other !== undefined) throw new RangeError(`Token ${token} is given to both "${other}" and "${id}"`);
      holderOf.set(token, id);
      fromBigint(token, pair);
      made.high[at] = (pair[0] as number) ^ SIGN;
      made.low[at] = pair[1] as number;
      made.owners[at++] = index;
    }
  }
  return made;
}

function checkedToken(id: string, text: string): bigint {
  const token = DECIMAL.test(text) ? BigInt(text) : undefined;
  if (token === undefined || token !== BigInt.asIntN(64, token)) {
    throw new RangeError(`Token of node "${id}" must be a signed 64-bit integer: received "${text}"`);
  }
  return token;
}
