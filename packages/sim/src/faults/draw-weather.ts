import type { Tape } from '../engine/tape.ts';
import { Latency } from '../network/latency.ts';
import type { Weather } from '../network/weather.ts';
import type { AllowedFaults } from './allowed-faults.ts';
import type { Swarm } from './swarm.ts';

/** The network's weather in one run: its speed is drawn for every seed, its faults where the swarm has them. */
export function drawWeather(tape: Tape, swarm: Swarm, allowed: AllowedFaults): Weather {
  const random = tape.random('weather');
  const maxUs = allowed.network.latencyMaxMs * 1000;
  // From a rack to a continent: each power of two is as likely as the next.
  const medianUs = Math.min(100 * 2 ** random.below(8), maxUs / 4);
  return {
    latency: new Latency(Math.floor(medianUs / 2), medianUs, maxUs),
    lossChance: 0.1 * swarm.force('loss'),
    duplicateChance: 0.1 * swarm.force('duplication'),
    reorderChance: 0.3 * swarm.force('reordering'),
    corruptChance: 0.05 * swarm.force('corruption'),
    delayMaxUs: 200_000,
    queueMaxBytes: 1 << (10 + random.below(11)),
  };
}
