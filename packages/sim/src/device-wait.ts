import type { Device } from './device.ts';

/** Settles `delayUs` from now, as one event; never once the node has crashed, as what it waited for belongs to nobody. */
export function deviceWait(device: Device, delayUs: number): Promise<void> {
  return new Promise(resolve => {
    if (device.alive) device.after(delayUs, resolve);
  });
}

/** What a call of a crashed node gets: it never settles. */
export function neverSettles<Value>(): Promise<Value> {
  return new Promise(() => {});
}

/** Draws from a range under a label, without a draw where there is nothing to choose. */
export function drawBetween(device: Device, label: string, min: number, max: number): number {
  return max <= min ? min : device.dice.between(label, min, max);
}

/** Draws whether a fault strikes, without a draw where it cannot. */
export function drawChance(device: Device, label: string, probability: number): boolean {
  return probability > 0 && device.dice.chance(label, probability);
}
