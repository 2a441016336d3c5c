type Headers = Readonly<Record<string, string>>;

/** How a message came in. Those that come together nearly always do so alike, and have one object for it. */
export interface Arrival {
  readonly headers: Headers;
  readonly lane: number;
  readonly keyActiveMax: number;
  readonly putAtMs: number;
  readonly readyAtMs: number;
}

/** Finds for each message whether it comes as the one before did: an object of its own would be a third of what it takes. */
export class Arrivals {
  #last: Arrival | undefined;

  of(headers: Headers, lane: number, keyActiveMax: number, putAtMs: number, readyAtMs: number): Arrival {
    const last = this.#last;
    if (
      last !== undefined &&
      last.putAtMs === putAtMs &&
      last.readyAtMs === readyAtMs &&
      last.lane === lane &&
      last.keyActiveMax === keyActiveMax &&
      areAlike(last.headers, headers)
    ) {
      return last;
    }
    return (this.#last = { headers, lane, keyActiveMax, putAtMs, readyAtMs });
  }
}

/** The same with some headers written over. */
export function withHeaders(arrival: Arrival, headers: Headers | undefined): Arrival {
  return headers === undefined ? arrival : { ...arrival, headers: { ...arrival.headers, ...headers } };
}

function areAlike(some: Headers, others: Headers): boolean {
  if (some === others) return true;
  let count = 0;
  for (const name in some) {
    if (some[name] !== others[name]) return false;
    count++;
  }
  return Object.keys(others).length === count;
}
