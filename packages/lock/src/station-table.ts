import { Station } from './station.ts';
import type { StationContext, StationKind } from './station-kind.ts';

/** With so many stations, those where nobody waits and nothing is held are forgotten. */
const idleSweepMin = 1024;

/** The stations of a manager, by lock, kind and time to live. Idle ones are kept for a while: most locks are used again. */
export class StationTable {
  readonly #context: StationContext;
  readonly #stations = new Map<string, Station>();
  #sweepAt = idleSweepMin;

  constructor(context: StationContext) {
    this.#context = context;
  }

  get size(): number {
    return this.#stations.size;
  }

  /**
   * The station of a kind, which is to be used at once.
   *
   * @param variant what else sets stations of one partition apart
   * @param partner the kind whose holders exclude those of this one
   */
  find(name: string, kind: StationKind, ttlMs: number, variant: string, partner?: StationKind): Station {
    const key = keyOf(kind, ttlMs, variant);
    const found = this.#stations.get(key);
    if (found !== undefined) return found;
    if (this.#stations.size >= this.#sweepAt) this.#sweep();
    const station = new Station(this.#context, name, kind, ttlMs);
    this.#stations.set(key, station);
    if (partner !== undefined) {
      const other = new Station(this.#context, name, partner, ttlMs);
      station.partner = other;
      other.partner = station;
      this.#stations.set(keyOf(partner, ttlMs, variant), other);
    }
    return station;
  }

  close(): void {
    for (const station of this.#stations.values()) station.close();
  }

  /** As many must come again before the next time, so that it costs each of them a constant. */
  #sweep(): void {
    for (const [key, station] of this.#stations) {
      if (station.isIdle && station.partner?.isIdle !== false) this.#stations.delete(key);
    }
    this.#sweepAt = Math.max(idleSweepMin, 2 * this.#stations.size);
  }
}

function keyOf({ partition, rule }: StationKind, ttlMs: number, variant: string): string {
  return `${rule.mode} ${variant} ${ttlMs} ${partition}`;
}
