import { civilMs } from './civil-time.ts';

/** How many offsets a zone remembers. */
const rememberedMax = 256;

/** A zone of the IANA database, by the platform's `Intl`. */
export class TimeZone {
  readonly name: string;
  readonly #format: Intl.DateTimeFormat;
  readonly #offsets = new Map<number, number>();

  /** @throws RangeError where the platform does not know it */
  constructor(name: string) {
    try {
      this.#format = new Intl.DateTimeFormat('en-US', {
        timeZone: name,
        calendar: 'gregory',
        numberingSystem: 'latn',
        hourCycle: 'h23',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
      });
    } catch (cause) {
      throw new RangeError(`Time zone must be one of the IANA database: received "${name}"`, { cause });
    }
    this.name = name;
  }

  /** What has to be added to a time since 1970 to read the zone's calendar, in ms. `atMs` is a whole second. */
  offsetMs(atMs: number): number {
    const known = this.#offsets.get(atMs);
    if (known !== undefined) return known;
    const parts = (this.#format.format(atMs).match(/\d+/g) as string[]).map(Number);
    const [month, day, year, hour, minute, second] = parts as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const offsetMs = civilMs({ year, month, day, hour, minute, second }) - atMs;
    if (this.#offsets.size >= rememberedMax) this.#offsets.clear();
    this.#offsets.set(atMs, offsetMs);
    return offsetMs;
  }
}
