import type {
  LeaseHandle,
  NewMessage,
  QueuePut,
  Settlement,
  StateRecord,
  StateWrite,
} from './queue-store.ts';

type Headers = Readonly<Record<string, string>>;

/** Nobody can write to it, so everybody may have it. */
const noHeaders: Headers = Object.freeze({});

/** A copy of headers; one for all messages that have none. */
export function ownedHeaders(headers: Headers | undefined): Headers {
  return headers === undefined || Object.keys(headers).length === 0 ? noHeaders : { ...headers };
}

/** A copy that the engine may keep, of a message that stays its sender's. */
export function ownedPut({ queue, message }: QueuePut): QueuePut {
  const { body, headers } = message;
  const owned: NewMessage = { ...message, body: new Uint8Array(body), headers: ownedHeaders(headers) };
  return { queue, message: owned };
}

const acknowledge = Object.freeze({ type: 'acknowledge' } as const);

/** A body that is longer is copied into an array of its own, and so is one that V8 keeps within its object. */
const sharedMaxBytes = 1024;
const withinMaxBytes = 64;
/** So much memory may one message that stays keep of others' that are gone. */
const pieceBytes = 4096;

/**
 * The same for the messages of one call: short bodies lie side by side in pieces of 4 KiB at most, for an array of its own takes longer
 * to be made and freed than to be filled. Headers that are one object stay one.
 */
export function ownedPuts(puts: readonly QueuePut[]): QueuePut[] {
  if (puts.length === 1) return [ownedPut(puts[0] as QueuePut)];
  let shortBytes = 0;
  for (const { message } of puts) if (isShort(message.body)) shortBytes += message.body.length;
  let piece = new Uint8Array(Math.min(shortBytes, pieceBytes));
  let from = 0;
  let [headers, ownHeaders]: (Headers | undefined)[] = [];
  return puts.map(({ queue, message }) => {
    let { body } = message;
    const { length } = body;
    if (!isShort(body)) body = new Uint8Array(body);
    else {
      if (from + length > piece.length) {
        piece = new Uint8Array(Math.min(shortBytes, pieceBytes));
        from = 0;
      }
      piece.set(body, from);
      body = piece.subarray(from, (from += length));
      shortBytes -= length;
    }
    if (ownHeaders === undefined || message.headers !== headers) {
      headers = message.headers;
      ownHeaders = ownedHeaders(headers);
    }
    const owned: NewMessage = { ...message, body, headers: ownHeaders };
    return { queue, message: owned };
  });
}

function isShort({ length }: Uint8Array): boolean {
  return length > withinMaxBytes && length <= sharedMaxBytes;
}

/** The same for a settlement. */
export function ownedSettlement({ lease, action, puts, state }: Settlement): Settlement {
  const owned = { lease: ownedHandle(lease), action: ownedAction(action) };
  if (puts === undefined && state === undefined) return owned;
  return {
    ...owned,
    ...(puts && { puts: puts.map(ownedPut) }),
    ...(state && { state: state.map(ownedState) }),
  };
}

function ownedAction(action: Settlement['action']): Settlement['action'] {
  if (action.type === 'acknowledge') return acknowledge;
  return action.headers === undefined ? { ...action } : { ...action, headers: { ...action.headers } };
}

/** The same for a write of a state record. */
export function ownedState(write: StateWrite): StateWrite {
  return { ...write, value: write.value && new Uint8Array(write.value) };
}

/** A handle without whatever else the caller's object holds. */
export function ownedHandle({ queue, id, token }: LeaseHandle): LeaseHandle {
  return { queue, id, token };
}

/** A copy for whoever asked, of a record that the engine holds. */
export function ownedRecord(record: StateRecord): StateRecord {
  return { ...record, value: new Uint8Array(record.value) };
}
