import { type NodeId, nodeId } from '@quorate/core';
import { type MemberChange, type Membership, type MembershipChange, sortedIds } from './membership.ts';

/**
 * Membership as bytes, in entries and in snapshots: a format number, then JSON, which is rare enough to cost nothing and can
 * be read off a disk without tools.
 *
 * @module
 */
const formatNumber = 1;
const transitions = ['auto', 'joint-implicit', 'joint-explicit'] as const;
const changeNames = ['voter', 'learner', 'remove'] as const;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** The bytes of `SnapshotMetadata.membership`. */
export function encodeMembership(membership: Membership): Uint8Array {
  const { voters, votersOutgoing, learners, learnersNext, autoLeave } = membership;
  return encode({ voters, votersOutgoing, learners, learnersNext, autoLeave });
}

/** Reads what {@link encodeMembership} wrote; `undefined` for anything else. */
export function decodeMembership(bytes: Uint8Array): Membership | undefined {
  const value = decode(bytes);
  const voters = idsOf(value?.['voters']);
  const votersOutgoing = idsOf(value?.['votersOutgoing']);
  const learners = idsOf(value?.['learners']);
  const learnersNext = idsOf(value?.['learnersNext']);
  if (value === undefined || typeof value['autoLeave'] !== 'boolean') return undefined;
  if (!voters || !votersOutgoing || !learners || !learnersNext) return undefined;
  return { voters, votersOutgoing, learners, learnersNext, autoLeave: value['autoLeave'] };
}

/** The payload of an entry of kind `entryKind.membership`. */
export function encodeMembershipChange(change: MembershipChange): Uint8Array {
  const changes = change.changes.map(({ change: what, node }) => [changeNames.indexOf(what), node]);
  const context = change.context === undefined ? undefined : Array.from(change.context);
  return encode({ transition: transitions.indexOf(change.transition), changes, context });
}

/** Reads what {@link encodeMembershipChange} wrote; `undefined` for anything else. */
export function decodeMembershipChange(bytes: Uint8Array): MembershipChange | undefined {
  const value = decode(bytes);
  const transition = transitions[numberOf(value?.['transition'])];
  const listed = value?.['changes'];
  if (transition === undefined || !Array.isArray(listed)) return undefined;
  const changes: MemberChange[] = [];
  for (const item of listed as unknown[]) {
    if (!Array.isArray(item)) return undefined;
    const [what, node] = item as unknown[];
    const change = changeNames[numberOf(what)];
    const id = idOf(node);
    if (change === undefined || id === undefined) return undefined;
    changes.push({ change, node: id });
  }
  const context = value?.['context'];
  if (context === undefined) return { transition, changes };
  if (!Array.isArray(context) || !context.every(isByte)) return undefined;
  return { transition, changes, context: Uint8Array.from(context) };
}

function encode(value: object): Uint8Array {
  const json = encoder.encode(JSON.stringify(value));
  const bytes = new Uint8Array(json.length + 1);
  bytes[0] = formatNumber;
  bytes.set(json, 1);
  return bytes;
}

function decode(bytes: Uint8Array): Record<string, unknown> | undefined {
  if (bytes[0] !== formatNumber) return undefined;
  try {
    const value: unknown = JSON.parse(decoder.decode(bytes.subarray(1)));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function idsOf(value: unknown): readonly NodeId[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const ids: NodeId[] = [];
  for (const item of value as unknown[]) {
    const id = idOf(item);
    if (id === undefined) return undefined;
    ids.push(id);
  }
  return sortedIds(ids);
}

function idOf(value: unknown): NodeId | undefined {
  if (typeof value !== 'string' || value.length === 0 || value.length > 255) return undefined;
  return nodeId(value);
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : -1;
}

function isByte(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 255;
}
