import { type Proxy, type ProxyWay, startProxy } from '@quorate/servers';

/** Who says something to whom. */
export type Direction = readonly [from: string, to: string];

/** Links between all who dial and all who listen, each through a proxy of its own, that swallow what goes one way, or both. */
export class Mesh implements AsyncDisposable {
  /** By dialer, by listener. */
  readonly #proxies: ReadonlyMap<string, ReadonlyMap<string, Proxy>>;

  private constructor(proxies: ReadonlyMap<string, ReadonlyMap<string, Proxy>>) {
    this.#proxies = proxies;
  }

  /** @param ports where each of those who listen does; the others dial alone */
  static async open(dialers: readonly string[], ports: ReadonlyMap<string, number>): Promise<Mesh> {
    const proxies = new Map<string, ReadonlyMap<string, Proxy>>();
    for (const dialer of dialers) {
      const links = new Map<string, Proxy>();
      for (const [listener, port] of ports) {
        if (listener !== dialer) links.set(listener, await startProxy({ port }));
      }
      proxies.set(dialer, links);
    }
    return new Mesh(proxies);
  }

  /** By listener, where a dialer reaches it. */
  addresses(dialer: string): Record<string, string> {
    const links = [...(this.#proxies.get(dialer) ?? [])];
    return Object.fromEntries(links.map(([listener, { port }]) => [listener, `127.0.0.1:${port}`]));
  }

  /** From now on nothing arrives that one says to the other, whoever dialed, and nobody is told. */
  cut(directions: readonly Direction[]): void {
    for (const direction of directions) for (const [proxy, way] of this.#ways(direction)) proxy.mute(way);
  }

  /** @param isLost whether what was swallowed never arrives, with the connections that carried it; else it arrives late */
  heal(directions: readonly Direction[], isLost: boolean): void {
    for (const direction of directions) {
      for (const [proxy] of this.#ways(direction)) {
        if (isLost) proxy.reset();
        proxy.heal();
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const all = [...this.#proxies.values()].flatMap(links => [...links.values()]);
    await Promise.all(all.map(proxy => proxy[Symbol.asyncDispose]()));
  }

  #ways([from, to]: Direction): readonly (readonly [Proxy, ProxyWay])[] {
    const dialed = this.#proxies.get(from)?.get(to);
    const accepted = this.#proxies.get(to)?.get(from);
    return [
      ...(dialed === undefined ? [] : [[dialed, 'toServer'] as const]),
      ...(accepted === undefined ? [] : [[accepted, 'toClient'] as const]),
    ];
  }
}
