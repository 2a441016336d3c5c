import type { LeaseAnswer, LeasedMessage, PutResult, SettleResult, Unknown } from '@quorate/core';
import type { PackedPieces, PieceReader } from './packed-pieces.ts';
import type { QueueStep } from './queue-request.ts';

type Known<Result> = Exclude<Result, Unknown>;

/** What became of one put: its message came in under the id that was asked for, or is a duplicate, or has this id. */
type PackedPutResult = 0 | 1 | Known<PutResult>['id'];

/** Applied, lost, in conflict. */
type PackedSettleResult = 0 | 1 | 2;

type PackedMessage = readonly [
  id: LeasedMessage['id'],
  bodyLength: number,
  token: number,
  deliveryCount: number,
  attemptCount: number,
  putAtMs: number,
  leasedUntilMs: number,
  lane: number,
  headers: LeasedMessage['headers'],
  key: string | null | undefined,
];

/** The result of a step that was packed, as a few nested arrays for JSON, the bodies beside it. */
export type PackedResult =
  | readonly PackedPutResult[]
  | readonly PackedSettleResult[]
  | readonly [nextInMs: number | null | undefined, ...messages: PackedMessage[]];

/** Undefined of a step that is not packed. */
export function packResult(step: QueueStep, value: unknown, pieces: PackedPieces): PackedResult | undefined {
  if (step.do === 'put') {
    return (value as readonly Known<PutResult>[]).map(({ id, duplicate }, index) => {
      if (duplicate) return 1;
      return id === step.puts[index]?.message.id ? 0 : id;
    });
  }
  if (step.do === 'lease') {
    const { messages, nextInMs } = value as LeaseAnswer;
    return [nextInMs, ...messages.map(message => packMessage(message, pieces))];
  }
  if (step.do !== 'extend' && step.do !== 'settle') return undefined;
  return (value as readonly Known<SettleResult>[]).map(packSettled);
}

/** The result of {@link packResult}; bodies are their receivers' own. */
export function unpackResult(step: QueueStep, packed: PackedResult, pieces: PieceReader): unknown {
  if (step.do === 'put') {
    return (packed as readonly PackedPutResult[]).map((result, index) => {
      const id = typeof result === 'string' ? result : step.puts[index]?.message.id;
      return { outcome: 'applied', id, duplicate: result === 1 };
    });
  }
  if (step.do !== 'lease') return (packed as readonly PackedSettleResult[]).map(unpackSettled);
  const [nextInMs, ...messages] = packed as readonly [number | null, ...PackedMessage[]];
  const leased = messages.map(message => unpackMessage(step.queue, message, pieces));
  return { messages: leased, ...(nextInMs === null ? {} : { nextInMs }) } satisfies LeaseAnswer;
}

function packMessage(message: LeasedMessage, pieces: PackedPieces): PackedMessage {
  const { id, body, token, deliveryCount, attemptCount, putAtMs, leasedUntilMs, lane, headers, key } =
    message;
  return [
    id,
    pieces.add(body),
    // The engine's own tokens are safe integers.
    Number(token),
    deliveryCount,
    attemptCount,
    putAtMs,
    leasedUntilMs,
    lane,
    headers,
    key,
  ];
}

function unpackMessage(queue: string, packed: PackedMessage, pieces: PieceReader): LeasedMessage {
  const [id, bodyLength, token, deliveryCount, attemptCount, putAtMs, leasedUntilMs, lane, headers, key] =
    packed;
  return {
    id,
    queue,
    body: pieces.take(bodyLength).slice(),
    headers,
    lane,
    ...(key === null || key === undefined ? {} : { key }),
    token: BigInt(token) as LeasedMessage['token'],
    deliveryCount,
    attemptCount,
    putAtMs,
    leasedUntilMs,
  };
}

function packSettled(result: Known<SettleResult>): PackedSettleResult {
  if (result.outcome === 'applied') return 0;
  return result.reason === 'lost' ? 1 : 2;
}

function unpackSettled(packed: PackedSettleResult): Known<SettleResult> {
  if (packed === 0) return { outcome: 'applied' };
  return { outcome: 'not-applied', reason: packed === 1 ? 'lost' : 'conflict' };
}
