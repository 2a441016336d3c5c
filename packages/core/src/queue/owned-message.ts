import type {
  LeaseHandle,
  NewMessage,
  QueuePut,
  Settlement,
  StateRecord,
  StateWrite,
} from './queue-store.ts';

/** A copy that the engine may keep, of a message that stays its sender's. */
export function ownedPut({ queue, message }: QueuePut): QueuePut {
  const { body, headers = {} } = message;
  const owned: NewMessage = { ...message, body: new Uint8Array(body), headers: { ...headers } };
  return { queue, message: owned };
}

/** The same for a settlement. */
export function ownedSettlement({ lease, action, puts = [], state = [] }: Settlement): Settlement {
  return {
    lease: ownedHandle(lease),
    action:
      action.type === 'acknowledge' || action.headers === undefined
        ? { ...action }
        : { ...action, headers: { ...action.headers } },
    puts: puts.map(ownedPut),
    state: state.map(ownedState),
  };
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
