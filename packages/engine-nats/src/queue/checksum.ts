import { crc32 } from '@quorate/core';
import type { ByteWriter } from '../byte-writer.ts';

/** How many bytes a checksum takes. */
export const checksumBytes = 4;

/** What was written, with its checksum behind it. */
export function sealed(writer: ByteWriter): Uint8Array {
  const checksum = crc32(writer.done());
  return writer.raw(Uint8Array.of(checksum >>> 24, checksum >>> 16, checksum >>> 8, checksum)).done();
}

/** The bytes without their checksum. @throws RangeError where it is another's */
export function checked(bytes: Uint8Array): Uint8Array {
  const end = bytes.length - checksumBytes;
  if (end < 0) throw new RangeError(`Record must have ${checksumBytes} bytes: received ${bytes.length}`);
  const written = new DataView(bytes.buffer, bytes.byteOffset + end, checksumBytes).getUint32(0);
  if (crc32(bytes, 0, end) !== written)
    throw new RangeError('Checksum of a record must be that of its bytes');
  return bytes.subarray(0, end);
}
