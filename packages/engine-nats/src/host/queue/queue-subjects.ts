/** The subjects of a queue store's stream. `token` is that of a partition, see `tokenOf`. */
export class QueueSubjects {
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  /** What is done to a partition. */
  log(token: string): string {
    return `${this.#name}.c.${token}`;
  }

  /** Where the last image of a partition is. */
  head(token: string): string {
    return `${this.#name}.h.${token}`;
  }

  /** A part of an image that is too large for one message. */
  chunk(token: string, image: string, index: number): string {
    return `${this.#name}.i.${token}.${image}.${index}`;
  }

  /** All parts of an image, or of all of a partition. */
  chunks(token: string, image: string): string {
    return `${this.#name}.i.${token}.${image}.*`;
  }

  /** What a server is asked the time by that cannot be asked it. */
  get time(): string {
    return `${this.#name}.t.now`;
  }
}
