/**
 * Keys to estimate with where an algorithm has no ranges: always the same 65,536, so that estimates compare. The error of
 * an estimated share is about 0.4 % of the whole at most, the inverse of the root.
 */
export function* sampleKeys(): Generator<string> {
  for (let i = 0; i < 65_536; i++) yield `sample/${i}`;
}
