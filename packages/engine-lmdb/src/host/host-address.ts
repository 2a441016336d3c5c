import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';

/** The longest path of a unix socket: 108 bytes on Linux, 104 elsewhere, each with a NUL at its end. */
const pathMaxBytes = process.platform === 'linux' ? 107 : 103;

const hostBytes = 16;

/** Where the sockets of hosts are, each named after its host. */
export interface HostAddresses extends Disposable {
  of(host: string): string;
}

/**
 * The addresses of hosts in a folder. They are files, not names that only exist in one network namespace, so that containers which
 * share the folder can tell each other's dead. Where the path is too long for a socket, Linux is shown a shorter one.
 *
 * @throws RangeError where there is no shorter one
 */
export function hostAddresses(folder: string): HostAddresses {
  if (Buffer.byteLength(folder) + 1 + hostBytes <= pathMaxBytes) {
    return { of: host => join(folder, host), [Symbol.dispose]: () => {} };
  }
  if (process.platform !== 'linux') {
    const roomBytes = pathMaxBytes - 1 - hostBytes;
    throw new RangeError(
      `Path of the store's sockets must be at most ${roomBytes} bytes: received "${folder}"`,
    );
  }
  const descriptor = openSync(folder, 'r');
  return {
    of: host => `/proc/self/fd/${descriptor}/${host}`,
    [Symbol.dispose]: () => closeSync(descriptor),
  };
}
