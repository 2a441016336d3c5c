/** Longer texts are cut: a page with 100,000 of them has to stay usable. */
const LENGTH_MAX = 4000;
const DEPTH_MAX = 8;

/**
 * Any cloneable value as text for people, in JavaScript's spelling: `{ key: 'a', value: 3n }`. Total: cyclic, deep and long
 * values end in `…`, and a getter that throws is shown as such.
 */
export function valueText(value: unknown, lengthMax: number = LENGTH_MAX): string {
  const writer = new ValueWriter(lengthMax);
  writer.write(value, 0);
  const { text } = writer;
  return text.length > lengthMax ? `${text.slice(0, lengthMax)}…` : text;
}

class ValueWriter {
  text = '';
  readonly #inside = new Set<object>();
  readonly #lengthMax: number;

  constructor(lengthMax: number) {
    this.#lengthMax = lengthMax;
  }

  write(value: unknown, depth: number): void {
    if (this.text.length > this.#lengthMax) return;
    if (typeof value === 'string') this.text += JSON.stringify(value.slice(0, this.#lengthMax));
    else if (typeof value === 'bigint') this.text += `${value}n`;
    else if (typeof value === 'function') this.text += 'function';
    else if (typeof value !== 'object' || value === null) this.text += String(value);
    else if (depth >= DEPTH_MAX || this.#inside.has(value)) this.text += '…';
    else {
      this.#inside.add(value);
      this.#writeObject(value, depth);
      this.#inside.delete(value);
    }
  }

  #writeObject(value: object, depth: number): void {
    if (Array.isArray(value)) return this.#list('[', value, ']', depth);
    if (value instanceof Error) {
      this.text += `${value.name}: ${value.message}`;
    } else if (ArrayBuffer.isView(value)) {
      const bytes = new Uint8Array(
        value.buffer,
        value.byteOffset,
        Math.min(value.byteLength, this.#lengthMax >> 6),
      );
      const hex = Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join(' ');
      this.text += `bytes(${value.byteLength})<${hex}${value.byteLength > bytes.length ? ' …' : ''}>`;
    } else if (value instanceof Map) {
      this.#list('Map [', [...value], ']', depth);
    } else if (value instanceof Set) {
      this.#list('Set [', [...value], ']', depth);
    } else {
      this.#fields(value, depth);
    }
  }

  #list(open: string, values: readonly unknown[], close: string, depth: number): void {
    this.text += open;
    for (const [index, value] of values.entries()) {
      if (index > 0) this.text += ', ';
      this.write(value, depth + 1);
    }
    this.text += close;
  }

  #fields(value: object, depth: number): void {
    const names = Object.keys(value);
    if (names.length === 0) {
      this.text += '{}';
      return;
    }
    this.text += '{ ';
    for (const [index, name] of names.entries()) {
      if (index > 0) this.text += ', ';
      this.text += `${/^[\w$]+$/.test(name) ? name : JSON.stringify(name)}: `;
      this.write(read(value, name), depth + 1);
    }
    this.text += ' }';
  }
}

function read(value: object, name: string): unknown {
  try {
    return (value as Record<string, unknown>)[name];
  } catch (error) {
    return error;
  }
}
