import { Latency } from './latency.ts';

/** What the network does to messages in this run, as its seed drew it. */
export interface Weather {
  readonly latency: Latency;
  readonly lossChance: number;
  readonly duplicateChance: number;
  readonly reorderChance: number;
  readonly corruptChance: number;
  /** How much longer a message takes that was lost and sent again (stream), or that others overtake (datagram). */
  readonly delayMaxUs: number;
  /** Bytes that one link holds back before it answers `full`. */
  readonly queueMaxBytes: number;
}

/** A network without faults, as fast as the run's seed drew it. */
export function calm(weather: Weather): Weather {
  return { ...weather, lossChance: 0, duplicateChance: 0, reorderChance: 0, corruptChance: 0 };
}

/** A quick network without faults. */
export const fairWeather: Weather = {
  latency: new Latency(100, 300, 20_000),
  lossChance: 0,
  duplicateChance: 0,
  reorderChance: 0,
  corruptChance: 0,
  delayMaxUs: 0,
  queueMaxBytes: 1 << 20,
};
