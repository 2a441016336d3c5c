import type { Device } from '../device.ts';
import { drawBetween, drawChance } from '../device-wait.ts';
import type { SimDiskOptions } from './sim-disk.ts';

/** What a call takes that ends in the page cache. */
export function cacheLatencyUs(device: Device, options: SimDiskOptions): number {
  const { latencyMinUs = 1, latencyMaxUs = 50 } = options;
  return drawBetween(device, 'disk.latency', latencyMinUs, latencyMaxUs) + slowUs(device, options);
}

/** What a call takes that reaches the medium. */
export function mediumLatencyUs(device: Device, options: SimDiskOptions): number {
  const { syncMinUs = 100, syncMaxUs = 2_000 } = options;
  return drawBetween(device, 'disk.sync', syncMinUs, syncMaxUs) + slowUs(device, options);
}

function slowUs(device: Device, options: SimDiskOptions): number {
  if (!drawChance(device, 'disk.slow', options.slowChance ?? 0)) return 0;
  return drawBetween(device, 'disk.slow-us', 0, options.slowMaxUs ?? 0);
}
