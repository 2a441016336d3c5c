import { type GroupId, type Transport, groupId } from '@quorate/core';
import type { Recorder } from './recorder.ts';
import { type TransportCase, equal, numberOf, numbered, ok, three } from './transport-case.ts';

/** Bytes whose slices are views. */
class Sharing extends Uint8Array<ArrayBuffer> {
  override slice(start?: number, end?: number): Uint8Array<ArrayBuffer> {
    return this.subarray(start, end);
  }
}

/** What arrives. */
export const deliveryCases: readonly TransportCase[] = [
  {
    name: 'messages arrive once, in order, at their peer, from their sender',
    async run({ transports, recorders }) {
      const [ada, bob, cyd] = three(transports);
      const [, atBob, atCyd] = three(recorders);
      for (let value = 0; value < 1000; value++) {
        equal(ada.send(bob.self, numbered(value)), 'sent', 'send to bob');
        equal(cyd.send(bob.self, numbered(value + 5000)), 'sent', 'send from cyd');
        equal(ada.send(cyd.self, numbered(value + 9000)), 'sent', 'send to cyd');
      }
      await atBob.until(() => atBob.messages.length >= 2000);
      await atCyd.until(() => atCyd.messages.length >= 1000);
      const at = (recorder: Recorder, from: Transport): number[] =>
        recorder.messages.filter(message => message.from === from.self).map(({ bytes }) => numberOf(bytes));
      const counted = [...Array(1000).keys()];
      equal(at(atBob, ada), counted, 'from ada at bob');
      equal(
        at(atBob, cyd),
        counted.map(value => value + 5000),
        'from cyd at bob',
      );
      equal(
        at(atCyd, ada),
        counted.map(value => value + 9000),
        'from ada at cyd',
      );
      equal([atBob.messages.length, atCyd.messages.length], [2000, 1000], 'none made up');
    },
  },
  {
    name: 'messages of all lengths keep their bytes and their group',
    async run({ transports, recorders }) {
      const [ada, bob] = three(transports);
      const [, atBob] = three(recorders);
      const lengths = [0, 1, 2, 3, 4, 7, 8, 9, 63, 64, 65, 255, 256, 1000, 4095, 4096, 65_535, 65_536];
      const fitting = lengths.filter(length => length <= ada.capabilities.messageMaxBytes);
      const groups = [0, 1, 7, 0xffff_ffff].map(groupId);
      for (const [index, length] of fitting.entries()) {
        const message = new Uint8Array(length).map((_byte, at) => (at * 31 + length) & 0xff);
        const group = groups[index % groups.length] as GroupId;
        equal(
          index % 4 === 0 ? ada.send(bob.self, message) : ada.send(bob.self, message, group),
          'sent',
          'send',
        );
        await atBob.until(() => atBob.messages.length > index);
      }
      for (const [index, { bytes, group }] of atBob.messages.entries()) {
        const length = fitting[index] as number;
        equal([bytes.length, group], [length, groups[index % groups.length]], `message ${index}`);
        ok(
          bytes.every((byte, at) => byte === ((at * 31 + length) & 0xff)),
          `the bytes of a message of ${length} are as sent`,
        );
      }
    },
  },
  {
    name: 'the longest message arrives, a longer one is a RangeError that names it and the limit',
    async run({ transports, recorders }) {
      const [ada, bob] = three(transports);
      const [, atBob] = three(recorders);
      const { messageMaxBytes } = ada.capabilities;
      const longest = new Uint8Array(messageMaxBytes).fill(7);
      longest[messageMaxBytes - 1] = 9;
      equal(ada.send(bob.self, longest), 'sent', 'the longest');
      let thrown: unknown;
      try {
        ada.send(bob.self, new Uint8Array(messageMaxBytes + 1));
      } catch (error) {
        thrown = error;
      }
      ok(thrown instanceof RangeError, 'a message that is too long is a RangeError');
      ok(thrown.message.includes(String(messageMaxBytes)), 'it names the limit');
      ok(thrown.message.includes(String(messageMaxBytes + 1)), 'it names the length');
      equal(ada.send(bob.self, numbered(3)), 'sent', 'the next');
      await atBob.until(() => atBob.messages.length === 2);
      const [first, second] = atBob.messages;
      equal([first?.bytes.length, first?.bytes[messageMaxBytes - 1]], [messageMaxBytes, 9], 'the longest');
      equal(numberOf(second?.bytes as Uint8Array), 3, 'the next');
    },
  },
  {
    name: 'the bytes are taken before send returns, and nothing is handed over within it',
    async run({ transports, recorders }) {
      const [ada, bob] = three(transports);
      const [, atBob] = three(recorders);
      const reused = new Uint8Array(16);
      for (let value = 0; value < 100; value++) {
        reused.fill(value);
        equal(ada.send(bob.self, reused), 'sent', 'send');
        equal(atBob.messages.length, 0, 'handed over within send');
      }
      reused.fill(255);
      await atBob.until(() => atBob.messages.length === 100);
      ok(
        atBob.messages.every(({ bytes }, index) => bytes.every(byte => byte === index)),
        'what the sender does with its buffer later changes nothing',
      );
    },
  },
  {
    name: "a message whose slices share its memory, such as Node's Buffer, is taken before send returns as well",
    async run({ transports, recorders }) {
      const [ada, bob] = three(transports);
      const [, atBob] = three(recorders);
      const message = new Sharing(new ArrayBuffer(16)).fill(1);
      equal(ada.send(bob.self, message), 'sent', 'send');
      message.fill(2);
      await atBob.until(() => atBob.messages.length === 1);
      ok(
        (atBob.messages[0] as { bytes: Uint8Array }).bytes.every(byte => byte === 1),
        'what the sender does with its buffer later changes nothing',
      );
    },
  },
  {
    name: 'a part of a larger buffer is sent as that part',
    async run({ transports, recorders }) {
      const [ada, bob] = three(transports);
      const [, atBob] = three(recorders);
      const whole = new Uint8Array(64).map((_byte, index) => index);
      ada.send(bob.self, whole.subarray(3, 20));
      ada.send(bob.self, Buffer.from('plain'));
      await atBob.until(() => atBob.messages.length === 2);
      equal([...(atBob.messages[0]?.bytes ?? [])], [...whole.subarray(3, 20)], 'a subarray');
      equal(Buffer.from(atBob.messages[1]?.bytes ?? []).toString(), 'plain', 'a Buffer');
    },
  },
  {
    name: 'handlers may send, to whom they hear from and to others',
    async run({ transports, recorders }) {
      const [ada, bob, cyd] = three(transports);
      const [atAda, atBob, atCyd] = three(recorders);
      atBob.onEach = (from, message) => {
        bob.send(from, message);
        bob.send(cyd.self, message);
      };
      atAda.onEach = (from, message) => {
        if (numberOf(message) < 200) ada.send(from, numbered(numberOf(message) + 1));
      };
      ada.send(bob.self, numbered(1));
      await atCyd.until(() => atCyd.messages.length === 200);
      await atAda.until(() => atAda.messages.length >= 200);
      equal(
        atAda.messages.map(({ bytes }) => numberOf(bytes)),
        Array.from({ length: 200 }, (_, index) => index + 1),
        'echoes',
      );
    },
  },
];
