/** As much as is written and read at once without being noticed by what else goes on. */
const evenBytes = 0x1_0000;

/**
 * The same bytes in chunks of one size, the last excepted. A journal reads and writes a snapshot chunk by chunk, so that one of
 * a hundred bytes costs as much as one of many thousands; a state machine hands over whatever it has.
 */
export async function* evenChunks(
  chunks: AsyncIterable<Uint8Array>,
  byteCount: number = evenBytes,
): AsyncGenerator<Uint8Array> {
  let even = new Uint8Array(byteCount);
  let filled = 0;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + byteCount - filled);
      even.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < byteCount) continue;
      yield even;
      // What was handed over belongs to whoever took it.
      even = new Uint8Array(byteCount);
      filled = 0;
    }
  }
  if (filled > 0) yield even.subarray(0, filled);
}
