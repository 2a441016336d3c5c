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
