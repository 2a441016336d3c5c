import { BytePieces } from './byte-pieces.ts';
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
  if (headers === undefined || headers === noHeaders) return noHeaders;
  return Object.keys(headers).length === 0 ? noHeaders : { ...headers };
}

/** A copy that the engine may keep, of a message that stays its sender's. */
export function ownedPut({ queue, message }: QueuePut): QueuePut {
  const owned = { ...message, body: ownedBody(queue, message), headers: ownedHeaders(message.headers) };
  return { queue, message: owned };
}

const acknowledge = Object.freeze({ type: 'acknowledge' } as const);

/** The same for the messages of one call: headers that are one object stay one. */
export function ownedPuts(puts: readonly QueuePut[]): QueuePut[] {
  let [headers, ownHeaders]: (Headers | undefined)[] = [];
  return puts.map(({ queue, message }) => {
    if (ownHeaders === undefined || message.headers !== headers) {
      headers = message.headers;
      ownHeaders = ownedHeaders(headers);
    }
    return { queue, message: { ...message, body: ownedBody(queue, message), headers: ownHeaders } };
  });
}

/** Short bodies lie side by side. One that stays shares no memory with those that go at once: it would keep theirs. */
function ownedBody(queue: string, { body, readyAtMs, delayMs }: NewMessage): Uint8Array {
  const isDelayed = readyAtMs !== undefined || delayMs !== undefined;
  return (isDelayed ? delayedBodies : bodiesOf(queue)).copyOf(body);
}

const delayedBodies = new BytePieces();
/** Of queues whose names have the same hash: what one queue keeps for long seldom keeps the memory of what goes through another. */
const bodies = Array.from({ length: 64 }, () => new BytePieces());
let [lastQueue, lastBodies] = ['', new BytePieces()];

function bodiesOf(queue: string): BytePieces {
  if (queue === lastQueue) return lastBodies;
  let hash = 0;
  for (let index = 0; index < queue.length; index++) hash = (31 * hash + queue.charCodeAt(index)) | 0;
  [lastQueue, lastBodies] = [queue, bodies[hash & 63] as BytePieces];
  return lastBodies;
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
