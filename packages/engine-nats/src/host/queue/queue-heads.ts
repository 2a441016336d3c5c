import type { Random } from '@quorate/core';
import { ByteReader } from '../../byte-reader.ts';
import { ByteWriter } from '../../byte-writer.ts';
import { checked, sealed } from '../../queue/checksum.ts';
import { decodeImage, encodeImage, type ReplicaImage } from '../../queue/image-codec.ts';
import type { StoredMessage, StreamApi } from '../stream-api.ts';
import { readable } from './readable.ts';
import type { QueueSubjects } from './queue-subjects.ts';

/** Where the last image of a partition is, and up to where it goes. */
export interface Head {
  /** The number of the message that says so. */
  readonly sequence: number;
  /** The number of the last record that the image holds: none before it is needed, and they may be gone. */
  readonly position: number;
  readonly imageBytes: number;
  /** The image itself where it is small, else how its parts are called and how many there are. */
  readonly content: Uint8Array | { readonly image: string; readonly count: number };
}

export interface QueueHeadsOptions {
  readonly api: StreamApi;
  readonly subjects: QueueSubjects;
  readonly token: string;
  readonly random: Random;
  /** How large a part may be. */
  readonly chunkMaxBytes: number;
}

const formatVersion = 1;
/** Up to this size an image goes with its head. */
const inlineMaxBytes = 32_768;
/** The first byte of a part that is not the last of its chunk. */
const continued = 1;
/** How many parts are under way at once. */
const partsMax = 8;

/** The images of one partition on the stream: the last one counts. */
export class QueueHeads {
  readonly #options: QueueHeadsOptions;

  constructor(options: QueueHeadsOptions) {
    this.#options = options;
  }

  /** @throws QuorateError `UNAVAILABLE`; `UNSUPPORTED` where it cannot be read */
  async load(): Promise<Head | undefined> {
    const { api, subjects, token } = this.#options;
    const stored = await api.lastOf(subjects.head(token));
    return stored && readable(subjects.head(token), () => readHead(stored));
  }

  /** The image of a head; undefined where another has replaced it meanwhile. @throws QuorateError `UNAVAILABLE`, `UNSUPPORTED` */
  async imageOf({ content }: Head): Promise<ReplicaImage | undefined> {
    const { api, subjects, token } = this.#options;
    if (content instanceof Uint8Array) return readable(subjects.head(token), () => decodeImage([content]));
    const chunks: Uint8Array[] = [];
    let pieces: Uint8Array[] = [];
    for (let from = 0; from < content.count; from += partsMax) {
      const indexes = Array.from(
        { length: Math.min(partsMax, content.count - from) },
        (_, index) => from + index,
      );
      const parts = await Promise.all(
        indexes.map(index => api.lastOf(subjects.chunk(token, content.image, index))),
      );
      for (const part of parts) {
        if (part === undefined) return undefined;
        pieces.push(part.bytes.subarray(1));
        if (part.bytes[0] === continued) continue;
        chunks.push(Buffer.concat(pieces));
        pieces = [];
      }
    }
    return readable(subjects.chunks(token, content.image), () => decodeImage(chunks));
  }

  /**
   * Stores an image; between its parts others have a turn.
   *
   * @returns its head; undefined where somebody else was faster, and it is of no use
   */
  async store(image: ReplicaImage): Promise<Head | undefined> {
    const { api, subjects, token, random, chunkMaxBytes } = this.#options;
    const before = await this.load();
    if (before !== undefined && before.position >= image.sequence) return undefined;
    const name = `${image.sequence}-${Buffer.from(random.bytes(8)).toString('base64url')}`;
    const chunks = encodeImage(image, chunkMaxBytes);
    let chunk = chunks.next();
    const first = chunk.value as Uint8Array;
    chunk = chunks.next();
    let imageBytes = first.length;
    let content: Head['content'] = first;
    if (chunk.done !== true || first.length > inlineMaxBytes) {
      let count = 0;
      const storing: Promise<number>[] = [];
      const store = (bytes: Uint8Array): void => {
        for (const part of partsOf(bytes, chunkMaxBytes)) {
          storing.push(api.append(subjects.chunk(token, name, count++), part));
        }
      };
      store(first);
      for (; chunk.done !== true; chunk = chunks.next()) {
        imageBytes += chunk.value.length;
        store(chunk.value);
        if (storing.length >= partsMax) await Promise.all(storing.splice(0));
      }
      await Promise.all(storing);
      content = { image: name, count };
    }
    const head = { position: image.sequence, imageBytes, content };
    const sequence = await api.publish({
      subject: subjects.head(token),
      bytes: encodeHead(head),
      expected: before?.sequence ?? 0,
      isRollup: true,
    });
    return sequence === undefined ? undefined : { ...head, sequence };
  }

  /**
   * Deletes what a head has made needless: what was done before its image, and images of before. One that somebody still writes
   * is of later, or will find that another head stands there. Nothing where the server has lost the head meanwhile: then it may
   * have lost the end of the log, too, and have given its numbers to other records.
   */
  async clean({ position }: Head): Promise<void> {
    const { api, subjects, token } = this.#options;
    const head = await this.load();
    if (head === undefined || head.position < position) return;
    await api.purge(subjects.log(token), position);
    const images = new Set<string>();
    for (const subject of await api.subjects(subjects.chunks(token, '*'))) {
      images.add(subject.split('.').at(-2) as string);
    }
    for (const image of images) {
      if (Number.parseInt(image, 10) < position) await api.purge(subjects.chunks(token, image));
    }
  }
}

/** Cuts a chunk that a single large message has made larger than it should be. Each part says whether the next belongs to it. */
function* partsOf(chunk: Uint8Array, maxBytes: number): Generator<Uint8Array> {
  for (let from = 0; from < chunk.length; from += maxBytes) {
    const isLast = from + maxBytes >= chunk.length;
    yield new ByteWriter(maxBytes + 1)
      .byte(isLast ? 0 : continued)
      .raw(chunk.subarray(from, from + maxBytes))
      .done();
  }
}

function encodeHead({ position, imageBytes, content }: Omit<Head, 'sequence'>): Uint8Array {
  const writer = new ByteWriter(256).byte(formatVersion).integer(position).integer(imageBytes);
  if (content instanceof Uint8Array) writer.byte(1).bytes(content);
  else writer.byte(0).text(content.image).integer(content.count);
  return sealed(writer);
}

function readHead({ sequence, bytes }: StoredMessage): Head {
  const reader = new ByteReader(checked(bytes));
  const version = reader.byte();
  if (version !== formatVersion)
    throw new RangeError(`Format of a head must be ${formatVersion}: received ${version}`);
  const [position, imageBytes, isInline] = [reader.integer(), reader.integer(), reader.byte() === 1];
  const content = isInline ? reader.bytes() : { image: reader.text(), count: reader.integer() };
  return { sequence, position, imageBytes, content };
}
