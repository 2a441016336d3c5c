import type { LeaseHandle, LeaseQuery, NewMessage, QueuePut, Settlement, StateWrite } from '@quorate/core';
import type { PackedPieces, PieceReader } from './packed-pieces.ts';
import type { QueueStep } from './queue-request.ts';

/**
 * A step as a few nested arrays for JSON, its bodies beside it: threads exchange one text and one piece of bytes in a fraction of the
 * time that they take for as many objects. What is absent is null.
 */
export type PackedStep =
  | readonly ['put', readonly PackedPut[]]
  | readonly ['lease', queue: string, query: LeaseQuery, host: string]
  | readonly ['extend', readonly PackedHandle[], leaseMs: number, started: boolean, host: string]
  | readonly ['settle', readonly PackedSettlement[]];

type Absent = null | undefined;
type Headers = Readonly<Record<string, string>>;

type PackedPut = readonly [
  queue: string,
  bodyLength: number,
  id: NewMessage['id'] | Absent,
  rememberMs: number | Absent,
  headers: Headers | Absent,
  lane: number | Absent,
  key: string | Absent,
  keyActiveMax: number | Absent,
  readyAtMs: number | Absent,
  delayMs: number | Absent,
];

type PackedHandle = readonly [queue: string, id: LeaseHandle['id'], token: string];

type PackedAction =
  | 0
  | readonly [1, delayMs: number, headers: Headers | Absent, unstarted: boolean | Absent]
  | readonly [2, queue: string, headers: Headers | Absent];

type PackedState = readonly [
  key: string,
  valueLength: number | Absent,
  version: number | Absent,
  expiresAtMs: number | Absent,
];

type PackedSettlement = readonly [
  lease: PackedHandle,
  action: PackedAction,
  puts: readonly PackedPut[] | Absent,
  state: readonly PackedState[] | Absent,
];

/** Undefined of a step that is seldom enough to be sent as it is. */
export function packStep(step: QueueStep, pieces: PackedPieces): PackedStep | undefined {
  if (step.do === 'put') return ['put', step.puts.map(put => packPut(put, pieces))];
  if (step.do === 'lease') return ['lease', step.queue, step.query, step.host];
  if (step.do === 'extend')
    return ['extend', step.leases.map(packHandle), step.leaseMs, step.started, step.host];
  if (step.do === 'settle') return ['settle', step.settlements.map(each => packSettlement(each, pieces))];
  return undefined;
}

/** The step of {@link packStep}; its bodies are views of the pieces. */
export function unpackStep(packed: PackedStep, pieces: PieceReader): QueueStep {
  if (packed[0] === 'put') return { do: 'put', puts: packed[1].map(put => unpackPut(put, pieces)) };
  if (packed[0] === 'lease') {
    const [, queue, query, host] = packed;
    // Of all lanes nothing is left in the text.
    return { do: 'lease', queue, query: { ...query, lanes: query.lanes }, host };
  }
  if (packed[0] === 'extend') {
    const [, leases, leaseMs, started, host] = packed;
    return { do: 'extend', leases: leases.map(unpackHandle), leaseMs, started, host };
  }
  return { do: 'settle', settlements: packed[1].map(each => unpackSettlement(each, pieces)) };
}

function packPut({ queue, message }: QueuePut, pieces: PackedPieces): PackedPut {
  const { body, id, rememberMs, headers, lane, key, keyActiveMax, readyAtMs, delayMs } = message;
  return [
    queue,
    pieces.add(body),
    id,
    rememberMs,
    headers === undefined || isEmpty(headers) ? undefined : headers,
    lane,
    key,
    keyActiveMax,
    readyAtMs,
    delayMs,
  ];
}

function unpackPut(packed: PackedPut, pieces: PieceReader): QueuePut {
  const [queue, bodyLength, id, rememberMs, headers, lane, key, keyActiveMax, readyAtMs, delayMs] = packed;
  const message: { readonly [Name in keyof NewMessage]: NewMessage[Name] | undefined } & {
    readonly body: Uint8Array;
  } = {
    body: pieces.take(bodyLength),
    id: id ?? undefined,
    rememberMs: rememberMs ?? undefined,
    headers: headers ?? undefined,
    lane: lane ?? undefined,
    key: key ?? undefined,
    keyActiveMax: keyActiveMax ?? undefined,
    readyAtMs: readyAtMs ?? undefined,
    delayMs: delayMs ?? undefined,
  };
  // What is undefined is read as what is absent.
  return { queue, message: message as NewMessage };
}

function packHandle({ queue, id, token }: LeaseHandle): PackedHandle {
  return [queue, id, `${token}`];
}

function unpackHandle([queue, id, token]: PackedHandle): LeaseHandle {
  return { queue, id, token: BigInt(token) as LeaseHandle['token'] };
}

function packSettlement(
  { lease, action, puts = [], state = [] }: Settlement,
  pieces: PackedPieces,
): PackedSettlement {
  return [
    packHandle(lease),
    packAction(action),
    puts.length === 0 ? undefined : puts.map(put => packPut(put, pieces)),
    state.length === 0 ? undefined : state.map(write => packState(write, pieces)),
  ];
}

function unpackSettlement([lease, action, puts, state]: PackedSettlement, pieces: PieceReader): Settlement {
  return {
    lease: unpackHandle(lease),
    action: unpackAction(action),
    puts: puts?.map(put => unpackPut(put, pieces)) ?? [],
    state: state?.map(write => unpackState(write, pieces)) ?? [],
  };
}

function packAction(action: Settlement['action']): PackedAction {
  if (action.type === 'acknowledge') return 0;
  if (action.type === 'move') return [2, action.queue, action.headers];
  return [1, action.delayMs, action.headers, action.unstarted];
}

function unpackAction(packed: PackedAction): Settlement['action'] {
  if (packed === 0) return { type: 'acknowledge' };
  if (packed[0] === 2) return { type: 'move', queue: packed[1], headers: packed[2] ?? {} };
  const [, delayMs, headers, unstarted] = packed;
  return { type: 'release', delayMs, headers: headers ?? {}, unstarted: unstarted === true };
}

function packState({ key, value, version, expiresAtMs }: StateWrite, pieces: PackedPieces): PackedState {
  return [key, value === undefined ? undefined : pieces.add(value), version, expiresAtMs];
}

function unpackState(packed: PackedState, pieces: PieceReader): StateWrite {
  const [key, valueLength, version, expiresAtMs] = packed;
  return {
    key,
    value: valueLength === null || valueLength === undefined ? undefined : pieces.take(valueLength),
    ...(version === null || version === undefined ? {} : { version }),
    ...(expiresAtMs === null || expiresAtMs === undefined ? {} : { expiresAtMs }),
  };
}

function isEmpty(headers: Headers): boolean {
  for (const name in headers) if (Object.hasOwn(headers, name)) return false;
  return true;
}
