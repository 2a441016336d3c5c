import type { NodeId } from '@quorate/core';

/**
 * The URI by which a certificate names a node: `quorate://cluster/node`.
 *
 * Everything but letters, digits and `-_.~` is percent-encoded, so that a name in a certificate can neither end early nor
 * pretend to be two.
 *
 * @throws RangeError when a name has half a surrogate pair, which no URI can carry
 */
export function identityUri(cluster: string, node: NodeId): string {
  return `quorate://${encodeStrictly('Cluster', cluster)}/${encodeStrictly('Node id', node)}`;
}

function encodeStrictly(what: string, text: string): string {
  try {
    return encodeURIComponent(text).replace(
      /[!'()*]/g,
      character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
    );
  } catch {
    throw new RangeError(`${what} must be well-formed text: received ${JSON.stringify(text)}`);
  }
}
