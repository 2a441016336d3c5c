import type { IncomingMessage } from 'node:http';
import { Problem } from '../problem.ts';

/**
 * Reads a whole body, but never more than `bytesMax` of it.
 *
 * A declared length is refused before a byte is read; a chunked body is counted as it streams in, because it declares
 * nothing. Whoever refuses a body must close the connection: the rest of it is still on its way.
 *
 * @throws Problem `BODY_TOO_LARGE`, or `BODY_CUT_OFF` when the client went away in the middle
 */
export async function readBody(incoming: IncomingMessage, bytesMax: number): Promise<Uint8Array> {
  const declared = Number(incoming.headers['content-length'] ?? 0);
  if (declared > bytesMax) throw tooLarge(`${declared}`, bytesMax);
  const chunks: Buffer[] = [];
  let byteCount = 0;
  try {
    for await (const chunk of incoming.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      byteCount += chunk.length;
      if (byteCount > bytesMax) throw tooLarge(`more than ${bytesMax}`, bytesMax);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem(400, 'BODY_CUT_OFF', 'The body ended before its declared end', { cause: error });
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}

function tooLarge(received: string, bytesMax: number): Problem {
  return new Problem(
    413,
    'BODY_TOO_LARGE',
    `A request body may have at most ${bytesMax} bytes: received ${received}`,
  );
}
