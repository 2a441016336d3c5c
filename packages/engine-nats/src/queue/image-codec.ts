import {
  type MessageId,
  type PartitionImage,
  type MessageImage,
  type RememberedId,
  type StateRecord,
  type Whereabouts,
} from '@quorate/core';
import { checked, sealed } from './checksum.ts';
import { noHeaders, readBody, readHeaders, readState, writeHeaders, writeState } from './message-codec.ts';
import { NameReader, NameWriter } from './name-codec.ts';

/** What a partition was at one record, and by whom that was: all that is needed to go on from there. */
export interface ReplicaImage {
  readonly partition: PartitionImage;
  /** The server's time of the last record; the partition's own may be ahead of it. */
  readonly stampMs: number;
  /** The record's number in the stream, its writer and its number among that one's. */
  readonly sequence: number;
  readonly writer: string;
  readonly number: number;
}

const entries = { message: 1, remembered: 2, record: 3 } as const;
const places: readonly Whereabouts[] = ['waiting', 'held', 'leased'];
const formatVersion = 1;

/** Writes an image as chunks of about so many bytes. It reads the image while it is read itself. */
export function* encodeImage(image: ReplicaImage, chunkMaxBytes: number): Generator<Uint8Array> {
  const { partition, stampMs, sequence, writer, number } = image;
  let chunk = new NameWriter(1024).byte(formatVersion);
  chunk.integer(sequence).raw(Buffer.from(writer, 'base64url')).integer(number);
  chunk.integer(stampMs).integer(partition.nowMs).integer(partition.revision);
  for (const write of entriesOf(partition)) {
    if (chunk.fits(chunkMaxBytes, () => write(chunk))) continue;
    yield sealed(chunk);
    chunk = new NameWriter(chunkMaxBytes);
    // Whatever its size: every chunk but the first holds one at least.
    write(chunk);
  }
  yield sealed(chunk);
}

/** @throws RangeError where the chunks are not of this format, or were changed on their way */
export function decodeImage(chunks: readonly Uint8Array[]): ReplicaImage {
  const [first, ...others] = chunks.map(chunk => new NameReader(checked(chunk)));
  if (first === undefined) throw new RangeError('Image must have a chunk: received none');
  const version = first.byte();
  if (version !== formatVersion)
    throw new RangeError(`Format of an image must be ${formatVersion}: received ${version}`);
  const sequence = first.integer();
  const writer = Buffer.from(first.raw(8)).toString('base64url');
  const number = first.integer();
  const [stampMs, nowMs, revision] = [first.integer(), first.integer(), first.integer()];
  const queues = new Map<string, MessageImage[]>();
  const [remembered, records]: [RememberedId[], StateRecord[]] = [[], []];
  for (const reader of [first, ...others]) {
    while (!reader.isAtEnd) readEntry(reader, { queues, remembered, records });
  }
  return { partition: { nowMs, revision, queues, remembered, records }, stampMs, sequence, writer, number };
}

interface Entries {
  readonly queues: Map<string, MessageImage[]>;
  readonly remembered: RememberedId[];
  readonly records: StateRecord[];
}

function* entriesOf({
  queues,
  remembered,
  records,
}: PartitionImage): Generator<(writer: NameWriter) => void> {
  for (const [queue, messages] of queues) {
    for (const message of messages) yield writer => writeMessage(writer, queue, message);
  }
  for (const { queue, id, untilMs } of remembered) {
    yield writer => void writer.byte(entries.remembered).name(queue).text(id).integer(untilMs);
  }
  for (const record of records) yield writer => writeState(writer.byte(entries.record), record);
}

function readEntry(reader: NameReader, { queues, remembered, records }: Entries): void {
  const type = reader.byte();
  if (type === entries.message) {
    const queue = reader.name();
    let messages = queues.get(queue);
    if (messages === undefined) queues.set(queue, (messages = []));
    messages.push(readMessage(reader));
  } else if (type === entries.remembered) {
    remembered.push({ queue: reader.name(), id: reader.text() as MessageId, untilMs: reader.integer() });
  } else if (type === entries.record) {
    records.push(readState(reader) as StateRecord);
  } else throw new RangeError(`Entry of an image must be of type 1 to 3: received ${type}`);
}

const has = { key: 4, headers: 8, owner: 16 } as const;

function writeMessage(writer: NameWriter, queue: string, message: MessageImage): void {
  const { key, headers, owner } = message;
  const hasHeaders = Object.keys(headers).length > 0;
  let flags = places.indexOf(message.where);
  if (key !== undefined) flags |= has.key;
  if (hasHeaders) flags |= has.headers;
  if (owner !== '') flags |= has.owner;
  writer.byte(entries.message).name(queue).text(message.id).byte(flags).byte(message.lane);
  if (key !== undefined) writer.text(key).integer(message.keyActiveMax);
  if (hasHeaders) writeHeaders(writer, headers);
  writer.integer(message.putAtMs).integer(message.sequence);
  writer.integer(message.readyAtMs).integer(message.turn).integer(message.token);
  if (owner !== '') writer.name(owner).integer(message.leasedUntilMs);
  writer.integer(message.deliveryCount).integer(message.attemptCount).bytes(message.body);
}

function readMessage(reader: NameReader): MessageImage {
  const id = reader.text() as MessageId;
  const [flags, lane] = [reader.byte(), reader.byte()];
  const hasKey = (flags & has.key) !== 0;
  const [key, keyActiveMax] = hasKey ? [reader.text(), reader.integer()] : [undefined, 1];
  const headers = (flags & has.headers) === 0 ? noHeaders : readHeaders(reader);
  const [putAtMs, sequence] = [reader.integer(), reader.integer()];
  const [readyAtMs, turn, token] = [reader.integer(), reader.integer(), reader.integer()];
  const [owner, leasedUntilMs] = (flags & has.owner) === 0 ? ['', 0] : [reader.name(), reader.integer()];
  const [deliveryCount, attemptCount] = [reader.integer(), reader.integer()];
  const body = readBody(reader, readyAtMs > putAtMs);
  const where = places[flags & 3] as Whereabouts;
  return {
    id,
    body,
    lane,
    key,
    keyActiveMax,
    putAtMs,
    sequence,
    headers,
    where,
    readyAtMs,
    turn,
    token,
    owner,
    leasedUntilMs,
    deliveryCount,
    attemptCount,
  };
}
