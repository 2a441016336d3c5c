/** Where a node listens. */
export interface PeerAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * Reads `host:port`, `[2001:db8::1]:port` for IPv6.
 *
 * @throws RangeError when it is neither
 */
export function parseAddress(text: string): PeerAddress {
  const match = /^(?:\[([0-9a-fA-F:.%\w]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || !(port >= 1 && port <= 65_535)) {
    throw new RangeError(`Address of a peer must be "host:port" or "[IPv6]:port": received "${text}"`);
  }
  return { host, port };
}

/** Writes an address as {@link parseAddress} reads it. */
export function formatAddress({ host, port }: PeerAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether what is said to `host` certainly stays on this machine. Of names only `localhost` does. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase();
  if (name === 'localhost' || name === '::1' || name === '0:0:0:0:0:0:0:1') return true;
  return /^(?:::ffff:)?127(?:\.(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$/.test(name);
}
