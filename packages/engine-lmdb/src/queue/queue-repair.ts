import type { SortedBytes } from '../sorted-bytes.ts';
import type { Cell, CellTable } from './cell-table.ts';
import { type Claim, decodeClaim, decodeLease, type Lease } from './claim-record.ts';
import { KeyChains } from './key-chains.ts';
import { leaseFacts } from './leased-message.ts';
import { decodeMessage, type StoredMessage } from './message-record.ts';
import { MessageTable } from './message-table.ts';
import { behindAll, cellKey, queueTables, sequenceKey, sequenceOfKey } from './queue-keys.ts';
import type { QueueRoot } from './queue-root.ts';

/** What a cell's messages are found by; all of it can be made again from the messages. */
const derived = [queueTables.waiting, queueTables.lease, queueTables.chain, queueTables.held, queueTables.id];

/**
 * Puts a cell in order whose records are damaged. A message that is not what was put is set aside, where nobody is given it; where
 * the others are is made again from what is sound. Leases that can be read go on, and so do counts; other messages begin anew. O(n) in the messages of the queue, in one transaction: it happens where a disk or a memory is faulty.
 *
 * @returns the queue's name; undefined where there is none
 */
export function repairCell(
  bytes: SortedBytes,
  root: QueueRoot,
  cells: CellTable,
  id: number,
): string | undefined {
  const cell = cells.byId(id);
  if (cell === undefined) return undefined;
  const { claims, leases } = soundOf(bytes, id);
  for (const table of derived) for (const key of keysOf(bytes, table, id)) bytes.remove(key);
  cell.messageCount = 0;
  cell.leasedCount = 0;
  cell.heldCount = 0;
  cell.lanes = 0;
  const messages = new MessageTable(bytes);
  const chains = new KeyChains(bytes);
  for (const key of keysOf(bytes, queueTables.message, id)) {
    const sequence = sequenceOfKey(key);
    const record = bytes.get(key) as Buffer;
    const message = decodeMessage(id, sequence, record);
    if (message === undefined) {
      bytes.remove(key);
      bytes.put(sequenceKey(queueTables.quarantine, id, sequence), record);
      root.damagedCount++;
    } else
      place(cell, message, { messages, chains, lease: leases.get(sequence), claim: claims.get(sequence) });
  }
  return cell.name;
}

interface PlaceOptions {
  readonly messages: MessageTable;
  readonly chains: KeyChains;
  readonly lease: Lease | undefined;
  readonly claim: Claim | undefined;
}

/** Takes a message in again, where it was as far as that is known. */
function place(cell: Cell, message: StoredMessage, options: PlaceOptions): void {
  const { messages, chains, lease, claim } = options;
  cell.messageCount++;
  messages.name(message);
  // One that is leased is out whatever its key allows, so it is let out before it is asked for.
  const allowed =
    lease === undefined && claim === undefined ? message.keyActiveMax : Number.POSITIVE_INFINITY;
  const isOut = message.key === undefined || chains.add(cell, message.key, message.sequence, allowed);
  if (lease !== undefined) {
    messages.putLease(cell.id, { ...lease, ...leaseFacts(message) });
    cell.leasedCount++;
  } else if (isOut) messages.wait(cell, message, claim);
}

function soundOf(
  bytes: SortedBytes,
  cell: number,
): { readonly claims: Map<number, Claim>; readonly leases: Map<number, Lease> } {
  const claims = new Map<number, Claim>();
  const leases = new Map<number, Lease>();
  for (const key of keysOf(bytes, queueTables.waiting, cell)) {
    const record = bytes.get(key);
    const claim = record === undefined || record.length === 0 ? undefined : decodeClaim(key, record);
    if (claim !== undefined) claims.set(claim.sequence, claim);
  }
  for (const key of keysOf(bytes, queueTables.lease, cell)) {
    const record = bytes.get(key);
    const lease = record && decodeLease(key, record);
    if (lease !== undefined) leases.set(lease.sequence, lease);
  }
  return { claims, leases };
}

function keysOf(bytes: SortedBytes, table: number, cell: number): Uint8Array[] {
  const start = cellKey(table, cell);
  return bytes.keys({ start, end: behindAll(start) });
}
