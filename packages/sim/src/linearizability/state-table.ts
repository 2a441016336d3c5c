import type { Model } from './model.ts';

/** States that one map holds before there are many: growing a large one takes longer than a deadline may be overrun. */
const splitAt = 1 << 15;
const mapCount = 256;
/** What a state and its entry take beside the characters of the key, roughly. */
const bytesPerState = 160;

type Key = string | number | boolean | null;

/** Numbers equal states equally, from 0, so that a configuration is a few integers. */
export class StateTable<State> {
  readonly #model: Model<State, never, never>;
  readonly #states: State[] = [];
  #maps: Map<Key, number>[] = [new Map()];
  #bytes = 0;

  constructor(model: Model<State, never, never>) {
    this.#model = model;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** @throws TypeError where the state has no key */
  idOf(state: State): number {
    const key = this.#keyOf(state);
    let map = this.#mapOf(key);
    const known = map.get(key);
    if (known !== undefined) return known;
    if (this.#maps.length === 1 && this.#states.length === splitAt) {
      this.#split();
      map = this.#mapOf(key);
    }
    const id = this.#states.length;
    map.set(key, id);
    this.#states.push(state);
    this.#bytes += bytesPerState + (typeof key === 'string' ? 2 * key.length : 0);
    return id;
  }

  at(id: number): State {
    return this.#states[id] as State;
  }

  #keyOf(state: State): Key {
    if (this.#model.key !== undefined) return this.#model.key(state);
    if (isPlain(state)) return state;
    throw new TypeError(
      `Model "${this.#model.name}" must have a key, as its states are no strings, numbers, booleans or null: received ${typeof state}`,
    );
  }

  #mapOf(key: Key): Map<Key, number> {
    const maps = this.#maps;
    return (maps.length === 1 ? maps[0] : maps[scatter(key) & (mapCount - 1)]) as Map<Key, number>;
  }

  #split(): void {
    const [all] = this.#maps as [Map<Key, number>];
    this.#maps = Array.from({ length: mapCount }, () => new Map<Key, number>());
    for (const [key, id] of all) this.#mapOf(key).set(key, id);
  }
}

function isPlain(state: unknown): state is Key {
  return (
    state === null || typeof state === 'string' || typeof state === 'number' || typeof state === 'boolean'
  );
}

/** Some bits of a key: of a long string a few characters are enough, for it is the map that tells keys apart. */
function scatter(key: Key): number {
  if (typeof key !== 'string') return Math.imul(Number(key) | 0, 0x9e37_79b1) >>> 24;
  const stride = (key.length >>> 4) + 1;
  let hash = key.length;
  for (let index = key.length - 1; index >= 0; index -= stride) {
    hash = Math.imul(hash ^ key.charCodeAt(index), 0x9e37_79b1);
    hash ^= hash >>> 15;
  }
  return hash >>> 24;
}
