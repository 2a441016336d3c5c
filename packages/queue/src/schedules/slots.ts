import type { Timetable } from '../cron/parse-cron.ts';

/**
 * The last `max` times of a timetable after `afterMs`, up to `untilMs`, in order. However many there are in between, it looks at few:
 * whether one comes between a moment and the end decides in which half the last one lies.
 */
export function lastSlots(
  timetable: Timetable,
  afterMs: number,
  untilMs: number,
  max: number,
): readonly number[] {
  const slots: number[] = [];
  for (let endMs = untilMs; slots.length < max; ) {
    const slot = lastSlot(timetable, afterMs, endMs);
    if (slot === undefined) break;
    slots.unshift(slot);
    endMs = slot - 1;
  }
  return slots;
}

/** The last time after `afterMs`, up to `untilMs`. */
function lastSlot(timetable: Timetable, afterMs: number, untilMs: number): number | undefined {
  const nextWithin = (fromMs: number): number | undefined => {
    const next = timetable.next(fromMs);
    return next !== undefined && next <= untilMs ? next : undefined;
  };
  // Steps grow from the end, for most timetables come soon before it.
  let fromMs = untilMs;
  let found: number | undefined;
  for (let stepMs = 1000; found === undefined; stepMs *= 2) {
    if (fromMs <= afterMs) return undefined;
    fromMs = Math.max(afterMs, untilMs - stepMs);
    found = nextWithin(fromMs);
  }
  // Now one comes after `found`'s moment of asking; the last one is where nothing comes behind any more.
  for (let endMs = untilMs; ; ) {
    const later = nextWithin(found);
    if (later === undefined) return found;
    const middleMs = Math.floor((found + endMs) / 2);
    const behind = nextWithin(middleMs);
    if (behind === undefined) endMs = middleMs;
    found = behind ?? later;
  }
}
