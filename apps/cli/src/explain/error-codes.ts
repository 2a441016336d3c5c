import { clusterCodes } from './cluster-codes.ts';
import { demoCodes } from './demo-codes.ts';
import type { ErrorCode } from './error-code.ts';
import { libraryCodes } from './library-codes.ts';
import { nodeCodes } from './node-codes.ts';
import { storageCodes } from './storage-codes.ts';
import { storeCodes } from './store-codes.ts';
import { transportCodes } from './transport-codes.ts';

/** Every code that a package or an application of this repository gives, by code. */
export const errorCodes: ReadonlyMap<string, ErrorCode> = new Map(
  [libraryCodes, transportCodes, storageCodes, storeCodes, clusterCodes, nodeCodes, demoCodes]
    .flatMap(codes => Object.entries(codes))
    .toSorted(([left], [right]) => (left < right ? -1 : 1)),
);

/** Codes that share a word with this one or differ in a few letters, best first, at most three. */
export function similarCodes(code: string): string[] {
  const words = new Set(code.split('_'));
  const score = (candidate: string): number => {
    const shared = candidate.split('_').filter(word => words.has(word)).length;
    const distance = editDistance(code, candidate);
    return distance <= Math.max(2, code.length / 4) ? 100 - distance : shared;
  };
  return [...errorCodes.keys()]
    .map(candidate => [candidate, score(candidate)] as const)
    .filter(([, points]) => points > 0)
    .toSorted((left, right) => right[1] - left[1])
    .slice(0, 3)
    .map(([candidate]) => candidate);
}

/** Levenshtein's distance, by rows. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const change = (row[j - 1] as number) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[to.length] as number;
}
