import type { Wake } from '../store-request.ts';

/** A topic on its way to another host: its length in two bytes, and its text. */
export function topicFrame(topic: Wake[1]): Uint8Array {
  const text = Buffer.from(`  ${topic}`, 'utf8');
  text.writeUInt16BE(text.length - 2, 0);
  return text;
}

/** The longest frame: a key or a session's id, in UTF-8, and the letter before it. */
const frameMaxBytes = 1026;

/** Takes topics out of the chunks that arrive. */
export class TopicReader {
  readonly #onTopic: (topic: Wake[1]) => void;
  #rest: Buffer = Buffer.alloc(0);

  constructor(onTopic: (topic: Wake[1]) => void) {
    this.#onTopic = onTopic;
  }

  /** False where what arrived is no frame. */
  read(chunk: Buffer): boolean {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (bytes.length >= 2) {
      const length = bytes.readUInt16BE(0);
      if (length === 0 || length > frameMaxBytes) return false;
      if (bytes.length < 2 + length) break;
      this.#onTopic(bytes.toString('utf8', 2, 2 + length) as Wake[1]);
      bytes = bytes.subarray(2 + length);
    }
    this.#rest = bytes;
    return true;
  }
}
