import { groupId, type LogIndex, nodeId, type Term } from '@quorate/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AppendMessage } from '../src/raft/raft-message.ts';
import {
  earlyLeader,
  PayloadWriter,
  payloadBodyAt,
  payloadCommand,
  payloadElapsedMs,
  payloadSequence,
  payloadSession,
  payloadSettled,
  payloadTimeMs,
  payloadTypeOf,
} from '../src/wire/entry-payload.ts';
import { MessageWriter, type PlainMessage } from '../src/wire/message-writer.ts';
import { readMessage } from '../src/wire/read-message.ts';
import type { SnapshotPiece, SnapshotReceipt } from '../src/wire/wire-format.ts';

const group = groupId(7);
const [from, to] = [nodeId('a'), nodeId('b')];
const whole = fc.oneof(fc.nat(), fc.maxSafeNat());
const index = whole as fc.Arbitrary<LogIndex>;
const term = whole as fc.Arbitrary<Term>;
const word = fc.integer({ min: 0, max: 0xffff_ffff });
const addressed = { from: fc.constant(from), to: fc.constant(to), term };
const body = fc.uint8Array({ maxLength: 40 });

const append: fc.Arbitrary<AppendMessage> = fc
  .record({
    ...addressed,
    type: fc.constant('append' as const),
    index: fc.nat() as unknown as fc.Arbitrary<LogIndex>,
    logTerm: term,
    commit: index,
    entries: fc.array(fc.record({ term, kind: fc.nat(255), payload: body }), { maxLength: 5 }),
  })
  .map(({ entries, ...rest }) => ({
    ...rest,
    entries: entries.map((entry, at) => ({ ...entry, index: (rest.index + at + 1) as LogIndex })),
  }));

const plain: fc.Arbitrary<PlainMessage> = fc.oneof(
  append,
  fc.record({
    ...addressed,
    type: fc.constant('append-reply' as const),
    index,
    rejected: fc.boolean(),
    hint: index,
    hintTerm: term,
  }),
  fc.record({ ...addressed, type: fc.constant('heartbeat' as const), commit: index, round: whole }),
  fc.record({ ...addressed, type: fc.constant('heartbeat-reply' as const), round: whole }),
  fc.record({
    ...addressed,
    type: fc.constantFrom('vote' as const, 'pre-vote' as const),
    index,
    logTerm: term,
    transfer: fc.boolean(),
  }),
  fc.record({
    ...addressed,
    type: fc.constantFrom('vote-reply' as const, 'pre-vote-reply' as const),
    rejected: fc.boolean(),
    commit: index,
    commitTerm: term,
  }),
  fc.record({ ...addressed, type: fc.constant('timeout-now' as const) }),
  fc.record({ ...addressed, type: fc.constant('read-index' as const), request: whole }),
  fc.record({ ...addressed, type: fc.constant('read-index-reply' as const), request: whole, index }),
);

const piece: fc.Arbitrary<SnapshotPiece> = fc.record({
  type: fc.constant('piece' as const),
  term,
  index,
  snapshotTerm: term,
  transfer: word,
  offset: whole,
  membership: body,
  bytes: body,
  last: fc.boolean(),
});

const receipt: fc.Arbitrary<SnapshotReceipt> = fc.record({
  type: fc.constant('receipt' as const),
  term,
  index,
  transfer: word,
  received: whole,
  refused: fc.boolean(),
  complete: fc.boolean(),
});

/** The bytes of each message, as a transport would carry them. */
function encode(message: PlainMessage | SnapshotPiece | SnapshotReceipt, maxBytes = 0x1_0000): Uint8Array[] {
  const writer = new MessageWriter(group, maxBytes);
  const sent: Uint8Array[] = [];
  if (message.type === 'piece') sent.push(new Uint8Array(writer.piece(message)));
  else if (message.type === 'receipt') sent.push(new Uint8Array(writer.receipt(message)));
  else writer.write(message, bytes => void sent.push(new Uint8Array(bytes)));
  return sent;
}

test('every message is read as it was written', () => {
  fc.assert(
    fc.property(fc.oneof(plain, piece, receipt), message => {
      const [bytes] = encode(message);
      expect(readMessage(bytes!, group, from, to)).toEqual(message);
    }),
    { numRuns: 500 },
  );
});

test('an append that is too long becomes several, which say the same', () => {
  fc.assert(
    fc.property(append, message => {
      const parts = encode(message, 150).map(bytes => readMessage(bytes, group, from, to));
      const read = parts.filter(part => part.type === 'append');
      expect(read).toHaveLength(parts.length);
      expect(read.flatMap(({ entries }) => entries)).toEqual(message.entries);
      for (const [at, part] of read.entries()) {
        const before = read[at - 1]?.entries.at(-1);
        const { index: previous, logTerm } = part;
        expect([previous, logTerm]).toEqual(
          before === undefined ? [message.index, message.logTerm] : [before.index, before.term],
        );
      }
    }),
  );
});

test('the same entries for another follower cost no second copy, and say what is meant', () => {
  const writer = new MessageWriter(group, 0x1_0000);
  const entries = [{ index: 5 as LogIndex, term: 2 as Term, kind: 2, payload: Uint8Array.of(1, 2, 3) }];
  const message = { type: 'append' as const, from, to, term: 3 as Term, logTerm: 2 as Term, entries };
  const read: unknown[] = [];
  for (const commit of [1, 2] as LogIndex[]) {
    const send = (bytes: Uint8Array): void => void read.push(readMessage(bytes, group, from, to));
    writer.write({ ...message, index: 4 as LogIndex, commit }, send);
  }
  expect(read).toMatchObject([
    { commit: 1, entries },
    { commit: 2, entries },
  ]);
});

test('what is no message is a fault, and never throws', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
      expect(() => readMessage(bytes, group, from, to)).not.toThrow();
    }),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(fc.oneof(plain, piece, receipt), fc.nat(), fc.nat(255), (message, where, value) => {
      const [bytes] = encode(message);
      bytes![where % bytes!.length] = value;
      expect(() => readMessage(bytes!, group, from, to)).not.toThrow();
      const cut = bytes!.subarray(0, where % bytes!.length);
      expect(() => readMessage(cut, group, from, to)).not.toThrow();
    }),
    { numRuns: 2000 },
  );
});

test('another version, group or length is said to be', () => {
  const message = { type: 'timeout-now' as const, from, to, term: 1 as Term };
  const bytes = encode(message)[0]!;
  const faultOf = (at: number, value: number): unknown => {
    const changed = new Uint8Array(bytes);
    changed[at] = value;
    return readMessage(changed, group, from, to);
  };
  expect(faultOf(0, 2)).toEqual({ type: 'fault', fault: 'version' });
  expect(faultOf(1, 99)).toEqual({ type: 'fault', fault: 'kind' });
  expect(faultOf(2, 1)).toEqual({ type: 'fault', fault: 'flags' });
  expect(faultOf(4, 8)).toEqual({ type: 'fault', fault: 'group' });
  expect(faultOf(15, 1)).toEqual({ type: 'fault', fault: 'range' });
  expect(faultOf(3, 1)).toEqual({ type: 'fault', fault: 'flags' });
  const longer = new Uint8Array(bytes.length + 1);
  longer.set(bytes);
  expect(readMessage(longer, group, from, to)).toEqual({ type: 'fault', fault: 'length' });
});

test('what is reserved, or stands where a message says nothing, is zero', () => {
  const at = { from, to, term: 3 as Term };
  const [index, logTerm] = [4 as LogIndex, 2 as Term];
  const append = encode({ type: 'append', ...at, index, logTerm, commit: index, entries: [] })[0]!;
  const transfer = { transfer: 1, received: 2, refused: false, complete: false };
  const receipt = encode({ type: 'receipt', term: at.term, index, ...transfer })[0]!;
  const beat = encode({ type: 'heartbeat-reply', ...at, round: 1 })[0]!;
  const transferred = encode({ type: 'timeout-now', ...at })[0]!;
  const places: [Uint8Array, number][] = [
    [append, 44],
    [receipt, 36],
    [beat, 16],
    [transferred, 16],
  ];
  for (const [bytes, place] of places) {
    expect(readMessage(bytes, group, from, to).type).not.toBe('fault');
    bytes[place] = 1;
    expect(readMessage(bytes, group, from, to)).toEqual({ type: 'fault', fault: 'range' });
  }
});

test('a payload is read as it was written, in whichever part of a buffer it stands', () => {
  const moment = fc.record({ timeMs: fc.nat(), elapsedMs: fc.nat() });
  const session = fc
    .record({
      session: fc.integer({ min: 1 }),
      sequence: fc.integer({ min: 1 }),
      back: fc.integer({ min: 1, max: 1024 }),
    })
    .map(({ back, ...rest }) => ({ ...rest, settled: Math.max(0, rest.sequence - back) }));
  const writer = new PayloadWriter('node-ü');
  fc.assert(
    fc.property(
      moment,
      fc.uint8Array(),
      fc.option(session, { nil: undefined }),
      fc.boolean(),
      (at, command, of, early) => {
        const payload = writer.command(at, command, of, early);
        const bodyAt = payloadBodyAt(payload)!;
        expect([payloadTimeMs(payload), payloadElapsedMs(payload)]).toEqual([at.timeMs, at.elapsedMs]);
        expect(payloadCommand(payload, bodyAt)).toEqual(command);
        expect(earlyLeader(payload)).toBe(early ? 'node-ü' : undefined);
        expect(payloadTypeOf(payload)).toBe(of === undefined ? 0 : 1);
        if (of === undefined) return;
        expect(payloadSession(payload, bodyAt)).toBe(of.session);
        expect(payloadSequence(payload, bodyAt)).toBe(of.sequence);
        expect(payloadSettled(payload, bodyAt)).toBe(of.settled);
      },
    ),
  );
});

test('a payload that is too short or of another type is none', () => {
  expect(payloadBodyAt(new Uint8Array(0))).toBeUndefined();
  expect(payloadBodyAt(new Uint8Array(12))).toBeUndefined();
  expect(payloadBodyAt(new Uint8Array(13))).toBe(13);
  expect(payloadBodyAt(new Uint8Array(13).fill(5))).toBeUndefined();
  const cut = new Uint8Array(20);
  cut[0] = 1;
  expect(payloadBodyAt(cut)).toBeUndefined();
  const early = new Uint8Array(14);
  early[0] = 0x80;
  early[13] = 200;
  expect(payloadBodyAt(early)).toBeUndefined();
});
