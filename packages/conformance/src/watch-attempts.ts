import type { StoreStage } from './store-stage.ts';
import type { WatchRecorder } from './watch-recorder.ts';

/** How often a case is tried that wants a watch without a `resync`, which is allowed but must not be all there is. */
const attemptsMax = 5;

/** Runs until the watch of an attempt told everything without a `resync`. */
export async function unbroken(
  attempt: () => Promise<boolean>,
  what = 'a watch on a link that works tells changes, not only that they were missed',
): Promise<void> {
  for (let count = 0; count < attemptsMax; count++) if (await attempt()) return;
  throw new Error(`Not so: ${what}`);
}

/** Settles when a watch has told as many changes, or that it missed some; true where it told them. */
export async function toldBy(stage: StoreStage, watch: WatchRecorder, count: number): Promise<boolean> {
  const what = `a watch tells ${count} changes, of which it has told ${watch.told.join(', ')}`;
  await stage.within(
    what,
    watch.until(() => watch.isResynced || watch.changes.length >= count),
  );
  return !watch.isResynced;
}
