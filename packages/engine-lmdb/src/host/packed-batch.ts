import { PackedPieces, PieceReader } from '../queue/packed-pieces.ts';
import { packResult, type PackedResult, unpackResult } from '../queue/packed-result.ts';
import { type PackedStep, packStep, unpackStep } from '../queue/packed-step.ts';
import type { StoreRequest } from '../store-request.ts';
import type { WriterBatch, WriterResult } from './writer-protocol.ts';

/** Things in their order on the way to another thread: those that can be as JSON, with their bodies in one piece; the others as they are. */
export interface Packed<Other> {
  /** An array with null for each of the others, in their order. */
  readonly text: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly others: readonly Other[];
}

/** What goes through the writer's port as a batch. Its bytes may be transferred. */
export type PackedBatch = Packed<StoreRequest>;

/** What comes back. */
export type PackedResults = Packed<WriterResult>;

type PackedRequest = readonly [maxBytes: number, step: PackedStep];

export function packBatch(batch: WriterBatch): PackedBatch {
  return packed(batch, (request, _index, pieces): PackedRequest | undefined => {
    if (request.type !== 'queue') return undefined;
    const step = packStep(request.step, pieces);
    return step && [request.maxBytes, step];
  });
}

export function unpackBatch(batch: PackedBatch): WriterBatch {
  return unpacked(batch, (own, _index, pieces): StoreRequest => {
    const [maxBytes, step] = own as PackedRequest;
    return { type: 'queue', maxBytes, step: unpackStep(step, pieces) };
  });
}

/** @param requests those that the results are of */
export function packResults(requests: WriterBatch, results: readonly WriterResult[]): PackedResults {
  return packed(results, (result, index, pieces): PackedResult | undefined => {
    const request = requests[index];
    if (request?.type !== 'queue' || !('value' in result) || result.value === undefined) return undefined;
    return packResult(request.step, result.value, pieces);
  });
}

export function unpackResults(requests: WriterBatch, results: PackedResults): WriterResult[] {
  return unpacked(results, (own, index, pieces): WriterResult => {
    const { step } = requests[index] as Extract<StoreRequest, { readonly type: 'queue' }>;
    return { value: unpackResult(step, own as PackedResult, pieces) };
  });
}

function packed<Item>(
  items: readonly Item[],
  pack: (item: Item, index: number, pieces: PackedPieces) => unknown,
): Packed<Item> {
  const pieces = new PackedPieces();
  const others: Item[] = [];
  const all = items.map((item, index) => {
    const own = pack(item, index, pieces);
    if (own === undefined) others.push(item);
    return own;
  });
  return { text: JSON.stringify(all), bytes: pieces.joined(), others };
}

function unpacked<Item>(
  { text, bytes, others }: Packed<Item>,
  unpack: (own: unknown, index: number, pieces: PieceReader) => Item,
): Item[] {
  const pieces = new PieceReader(bytes);
  let otherCount = 0;
  return (JSON.parse(text) as unknown[]).map((own, index) =>
    own === null ? (others[otherCount++] as Item) : unpack(own, index, pieces),
  );
}
