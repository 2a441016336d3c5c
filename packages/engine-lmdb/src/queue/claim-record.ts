import { readWhole, type WaitingPlace, writeWhole } from './queue-keys.ts';
import { checksumBytes, isSound, sealed } from './queue-record.ts';
import { textBytes, textOf } from './queue-text.ts';

/** What is known of a message's last lease, and of all before. */
export interface Claim {
  readonly sequence: number;
  /** Of its last lease; raised once more when that is over for good. */
  readonly token: number;
  readonly deliveryCount: number;
  readonly attemptCount: number;
  readonly owner: string;
  /** The thread whose process has it. */
  readonly host: string;
}

/** A lease that has not ended: where its message goes when it does, and what an acknowledgement need not look up. */
export interface Lease extends Claim, Omit<WaitingPlace, 'wasOut'> {
  /** When it ends, in the machine's boot time. */
  readonly dueMs: number;
  readonly hasKey: boolean;
  /** Whether its message's id names its sequence. */
  readonly isOwnId: boolean;
  /** What the message takes. */
  readonly bytes: number;
}

/** Checksum, sequence, token, deliveries, attempts, lengths of owner and host. */
const claimBytes = checksumBytes + 7 + 7 + 4 + 4 + 2 + 1;
/** Lane, ready, turn, due, flags, bytes. */
const leaseBytes = 1 + 7 + 7 + 8 + 1 + 4;

/** What stands with a message that waits again. */
export function encodeClaim(key: Uint8Array, claim: Claim): Buffer {
  return sealed(key, written(claim, 0));
}

/** Undefined where the record is not what was written there. */
export function decodeClaim(key: Uint8Array, bytes: Buffer): Claim | undefined {
  return isSound(key, bytes) ? claimOf(bytes) : undefined;
}

export function encodeLease(key: Uint8Array, lease: Lease): Buffer {
  const bytes = written(lease, leaseBytes);
  const at = bytes.length - leaseBytes;
  bytes[at] = lease.lane;
  writeWhole(bytes, at + 1, lease.readyAtMs);
  writeWhole(bytes, at + 8, lease.turn);
  bytes.writeDoubleLE(lease.dueMs, at + 15);
  bytes[at + 23] = (lease.hasKey ? 1 : 0) | (lease.isOwnId ? 2 : 0);
  bytes.writeUInt32LE(lease.bytes, at + 24);
  return sealed(key, bytes);
}

/** Undefined where the record is not what was written there. */
export function decodeLease(key: Uint8Array, bytes: Buffer): Lease | undefined {
  if (!isSound(key, bytes)) return undefined;
  const at = bytes.length - leaseBytes;
  const flags = bytes[at + 23] as number;
  return {
    ...claimOf(bytes),
    lane: bytes[at] as number,
    readyAtMs: readWhole(bytes, at + 1),
    turn: readWhole(bytes, at + 8),
    dueMs: bytes.readDoubleLE(at + 15),
    hasKey: (flags & 1) !== 0,
    isOwnId: (flags & 2) !== 0,
    bytes: bytes.readUInt32LE(at + 24),
  };
}

function written({ sequence, token, deliveryCount, attemptCount, owner, host }: Claim, more: number): Buffer {
  const ownerBytes = textBytes(owner);
  const bytes = Buffer.allocUnsafe(claimBytes + ownerBytes.length + host.length + more);
  writeWhole(bytes, 4, sequence);
  writeWhole(bytes, 11, token);
  bytes.writeUInt32LE(deliveryCount, 18);
  bytes.writeUInt32LE(attemptCount, 22);
  bytes.writeUInt16LE(ownerBytes.length, 26);
  bytes[28] = host.length;
  ownerBytes.copy(bytes, claimBytes);
  bytes.write(host, claimBytes + ownerBytes.length, 'latin1');
  return bytes;
}

function claimOf(bytes: Buffer): Claim {
  const ownerEnd = claimBytes + bytes.readUInt16LE(26);
  return {
    sequence: readWhole(bytes, 4),
    token: readWhole(bytes, 11),
    deliveryCount: bytes.readUInt32LE(18),
    attemptCount: bytes.readUInt32LE(22),
    owner: textOf(bytes, claimBytes, ownerEnd),
    host: bytes.toString('latin1', ownerEnd, ownerEnd + (bytes[28] as number)),
  };
}
