import { nodeId } from '@quorate/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tuningOf } from '../../src/index.ts';
import { type MemberRecord, State, type StateCode } from '../../src/swim/member.ts';
import { type Message, MessageType, counterMax } from '../../src/swim/message.ts';
import { readMessage } from '../../src/swim/message-reader.ts';
import { LoneCore, record, written } from './lone-core.ts';

const limits = tuningOf('lan', { messageMaxBytes: 1 << 20 });

const id = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
  .filter(text => text.length <= 255 && text.isWellFormed())
  .map(nodeId);
const counter = fc.maxSafeNat().map(value => value % (counterMax + 1));
const details = fc.record({
  metaVersion: counter,
  meta: fc.uint8Array({ maxLength: 512 }),
  address: fc
    .string({ unit: 'grapheme', maxLength: 60 })
    .filter(text => text.length <= 255 && text.isWellFormed()),
});
const anyRecord: fc.Arbitrary<MemberRecord> = fc
  .record({
    id,
    state: fc.constantFrom(...(Object.values(State) as StateCode[])),
    incarnation: counter,
    life: fc.nat({ max: 0x7fff_ffff }),
    details: fc.option(details, { nil: undefined }),
    accuser: fc.oneof(fc.constant('' as const), id),
  })
  .filter(each => each.state !== State.alive || each.details !== undefined);
const anyMessage = fc.record({
  type: fc.constantFrom(...(Object.keys(MessageType) as (keyof typeof MessageType)[])),
  sequence: fc.nat({ max: 0xffff_ffff }),
  target: id,
  digestHigh: fc.nat({ max: 0xffff_ffff }),
  digestLow: fc.nat({ max: 0xffff_ffff }),
  isLast: fc.boolean(),
  isWanted: fc.boolean(),
  records: fc.array(anyRecord, { maxLength: 8 }),
});

describe('the wire format', () => {
  test('what is written is what is read', () => {
    fc.assert(
      fc.property(anyMessage, message => {
        const read = readMessage(written(message), limits) as Message;
        expect(read.type).toBe(MessageType[message.type]);
        expect(read.records).toEqual(message.records);
        if (read.type <= MessageType.pingReq) expect(read.sequence).toBe(message.sequence);
        if (message.type === 'pingReq') expect(read.target).toBe(message.target);
        if (message.type === 'sync')
          expect([read.digestHigh, read.digestLow]).toEqual([message.digestHigh, message.digestLow]);
        if (message.type === 'state')
          expect([read.isLast, read.isWanted]).toEqual([message.isLast, message.isWanted]);
      }),
    );
  });

  test('stands byte by byte as the comment says', () => {
    const bytes = written({
      type: 'ping',
      sequence: 0x01020304,
      records: [record('é', 'suspect', 2 ** 33 + 5, { life: 9, bare: true, accuser: 'b' })],
    });
    expect([...bytes]).toEqual([
      1,
      1,
      1,
      2,
      3,
      4,
      1 | 8,
      0,
      2,
      0xc3,
      0xa9,
      0,
      0,
      0,
      2,
      0,
      0,
      0,
      5,
      0,
      0,
      0,
      9,
      0,
      1,
      98,
    ]);
  });

  test('any beginning of a message but its whole, and any bytes, are read or refused, never thrown at', () => {
    fc.assert(
      fc.property(anyMessage, fc.nat(), (message, cut) => {
        const bytes = written(message);
        const part = bytes.subarray(0, cut % bytes.length);
        const read = readMessage(part, limits);
        // A cut between two records leaves a message.
        if (typeof read !== 'string') expect(read.records.length).toBeLessThanOrEqual(message.records.length);
      }),
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), bytes => void readMessage(bytes, limits)));
  });

  test('messages with bytes changed do a core no harm', () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(anyMessage, changes, (message, changed) => {
        const core = new LoneCore().know('a', 'b', 'c');
        const bytes = written(message);
        for (const [at, value] of changed) bytes[at % bytes.length] = value;
        core.swim.receive(nodeId('a'), bytes, 1);
        core.pass(3000);
        expect(core.swim.member(nodeId('self'))?.state).toBe('alive');
      }),
      { numRuns: 60 },
    );
  });

  test.each([
    [[], 'it has 0 bytes'],
    [[2, 1, 0, 0, 0, 0], 'its version is 2, not 1'],
    [[1, 0], 'its type is 0'],
    [[1, 9], 'its type is 9'],
    [[1, 1, 0, 0], 'it ends within a field'],
    [[1, 5, 16], 'a record begins with 16'],
    [[1, 5, 0], 'a living member has no details'],
    [[1, 5, 1, 0, 0], 'an id is empty'],
    [[1, 5, 1, 0, 2, 0xc3, 0x28], 'a text is not UTF-8'],
    [[1, 5, 1, 4, 0, ...new Array<number>(1024).fill(97)], 'a text has 1024 bytes'],
    [[1, 5, 1, 1, 0, ...new Array<number>(256).fill(97)], 'a text has 256 characters'],
    [[1, 5, 1, 0, 1, 97, 0, 16, 0, 0, 0, 0, 0, 1], `a counter is ${counterMax + 1}`],
    [
      [1, 5, 4, 0, 1, 97, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 2, 1],
      'metadata has 513 bytes',
    ],
  ])('%j is refused: %s', (bytes, fault) => {
    expect(readMessage(Uint8Array.from(bytes), limits)).toBe(fault);
  });

  test('a message longer than the limit is refused, and the core counts it', () => {
    const core = new LoneCore();
    const bytes = new Uint8Array(core.tuning.messageMaxBytes + 1);
    bytes[0] = 1;
    expect(core.swim.receive(nodeId('a'), bytes, 0)).toContain('more than a message may');
    expect(core.swim.receive(nodeId('a'), Uint8Array.of(2, 1, 0, 0, 0, 0), 0)).toBeUndefined();
    expect(core.swim.malformedCount).toBe(2);
  });

  test('no message is longer than its limit, however many members there are and whatever they carry', () => {
    const core = new LoneCore({ tuning: { messageMaxBytes: 4096 } });
    const meta = new Uint8Array(512).fill(1);
    core.receive('peer', {
      type: 'gossip',
      records: Array.from({ length: 6 }, (_, at) => record(`n${at}`, 'alive', 1, { meta })),
    });
    for (let at = 0; at < 200; at++)
      core.receive('peer', { type: 'gossip', records: [record(`${'x'.repeat(at)}m`, 'alive', 1, { meta })] });
    core.sent();
    core.receive('peer', { type: 'sync', digestHigh: 1, digestLow: 1 });
    const chunks = core.sent('state');
    expect(chunks.length).toBeGreaterThan(25);
    // Nobody is left out, and only the last chunk says that it is the last.
    expect(new Set(chunks.flatMap(({ message }) => message.records.map(each => each.id))).size).toBe(207);
    expect(chunks.map(({ message }) => message.isLast)).toEqual(
      chunks.map((_, at) => at === chunks.length - 1),
    );
  });
});
