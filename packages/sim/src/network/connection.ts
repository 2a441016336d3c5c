import type { Link } from './link.ts';

/** What two hosts have of each other in stream mode: a link in each direction that come up and go down together. */
export interface Connection {
  /** From the host with the lower index. */
  readonly there: Link;
  readonly back: Link;
  /** `closing`: it is gone, and at least one side has not noticed yet. */
  state: 'down' | 'connecting' | 'up' | 'closing';
  /** Whether someone wants it: nodes are always wanted, clients once either side has sent something. */
  wanted: boolean;
}

/** Joins the links of each pair of hosts. */
export function joinLinks(links: Iterable<Link>): void {
  for (const there of links) {
    const back = there.to.links.get(there.from.id) as Link;
    if (there.from.lane.index >= there.to.lane.index) continue;
    const wanted = there.from.listed || there.to.listed;
    const connection: Connection = { there, back, state: 'down', wanted };
    there.connection = connection;
    back.connection = connection;
  }
}
