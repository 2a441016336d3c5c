/** What entry `index` holds, so that who reads it again knows. */
export function payloadOf(index: number): Uint8Array {
  return new Uint8Array((index * 37) % 900).fill(index % 251);
}
