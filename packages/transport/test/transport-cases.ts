import { type GroupId, type NodeId, type SendResult, type Transport, groupId, nodeId } from '@quorate/core';
import { Recorder } from './recorder.ts';

/**
 * What the Transport seam promises, as cases that throw when a promise is not kept: `assert` is handed in by whoever runs them,
 * so that they need no test runner.
 */

/** Transports that know each other. Disposing it disposes of those that are left. */
export interface Mesh extends AsyncDisposable {
  /** One for each name, none of them started: once two are, they connect. */
  readonly transports: readonly Transport[];
}

/** A transport under test. */
export interface Subject {
  readonly name: string;
  open(names: readonly NodeId[]): Promise<Mesh>;
}

export interface TransportCase {
  readonly name: string;
  /** Runs where this is true. */
  readonly applies?: (transport: Transport) => boolean;
  readonly run: (mesh: Started) => Promise<void>;
}

/** A mesh of which all transports are started and connected to each other. */
export interface Started {
  readonly transports: readonly Transport[];
  readonly recorders: readonly Recorder[];
}

/** What every case runs on: three peers, so that messages can go astray. */
export const caseNames: readonly NodeId[] = ['ada', 'bob', 'cyd'].map(nodeId);

/** Runs one case on a subject. */
export async function runCase(subject: Subject, { run, applies }: TransportCase): Promise<void> {
  await using mesh = await subject.open(caseNames);
  const { transports } = mesh;
  if (applies !== undefined && !applies(transports[0] as Transport)) return;
  const recorders = transports.map(() => new Recorder());
  await Promise.all(transports.map((transport, index) => transport.start(recorders[index] as Recorder)));
  await Promise.all(
    recorders.map((recorder, index) =>
      recorder.until(() =>
        transports.every(({ self }, other) => other === index || recorder.connected.has(self)),
      ),
    ),
  );
  await run({ transports, recorders });
}

function equal(actual: unknown, expected: unknown, what: string): void {
  const [left, right] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (left !== right) throw new Error(`${what}: expected ${right}, received ${left}`);
}

function ok(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`Not so: ${what}`);
}

type Three<T> = readonly [T, T, T];

function three<T>(items: readonly T[]): Three<T> {
  return items as unknown as Three<T>;
}

function numbered(value: number, length = 8): Uint8Array {
  const message = new Uint8Array(length).fill(value & 0xff);
  new DataView(message.buffer).setUint32(0, value, true);
  return message;
}

function numberOf(message: Uint8Array): number {
  return new DataView(message.buffer, message.byteOffset).getUint32(0, true);
}

/** Sends numbered messages until one is not taken; returns how many were, and what became of the last. */
function flood(from: Transport, to: NodeId, bytes: number, countMax = 4_000_000): [number, SendResult] {
  for (let count = 0; count < countMax; count++) {
    const result = from.send(to, numbered(count, bytes));
    if (result !== 'sent') return [count, result];
  }
  throw new Error(`${from.self} took ${countMax} messages of ${bytes} bytes and was never full`);
}

const delivery: readonly TransportCase[] = [
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

const pressure: readonly TransportCase[] = [
  {
    name: 'a peer that does not take messages makes its sender full, then drains, and nothing that was taken on is lost',
    async run({ transports, recorders }) {
      const [ada, bob] = three(transports);
      const [atAda, atBob] = three(recorders);
      const bytes = Math.min(4096, ada.capabilities.messageMaxBytes);
      const [taken, result] = flood(ada, bob.self, bytes);
      equal(result, 'full', 'the result of the last send');
      ok(ada.queuedBytes(bob.self) > 0, 'a full queue has bytes');
      equal(atAda.drained.length, 0, 'drained within send');
      await atAda.until(() => atAda.drained.length > 0);
      equal(atAda.drained[0], bob.self, 'who drained');
      equal(ada.send(bob.self, numbered(taken, bytes)), 'sent', 'the send after the drain');
      await atBob.until(() => atBob.messages.length > taken);
      ok(
        atBob.messages.every((message, index) => numberOf(message.bytes) === index),
        'all that was taken on arrived in order, and what was refused did not',
      );
    },
  },
  {
    name: 'empty messages are bounded too',
    async run({ transports, recorders }) {
      const [ada, bob] = three(transports);
      const [atAda, atBob] = three(recorders);
      let taken = 0;
      while (ada.send(bob.self, new Uint8Array(0)) === 'sent') taken++;
      await atAda.until(() => atAda.drained.length > 0);
      await atBob.until(() => atBob.count >= taken);
      equal(atBob.count, taken, 'messages at bob');
    },
  },
  {
    name: 'being full for one peer holds nobody else up',
    async run({ transports, recorders }) {
      const [ada, bob, cyd] = three(transports);
      const [, , atCyd] = three(recorders);
      flood(ada, bob.self, Math.min(4096, ada.capabilities.messageMaxBytes));
      equal(ada.send(cyd.self, numbered(1)), 'sent', 'send to cyd');
      equal(cyd.send(ada.self, numbered(2)), 'sent', 'send from cyd');
      await atCyd.until(() => atCyd.messages.length === 1);
    },
  },
  {
    name: 'queuedBytes counts what has not left, and comes back to 0',
    async run({ transports, recorders }) {
      const [ada, bob, cyd] = three(transports);
      const [atAda, atBob] = three(recorders);
      equal([ada.queuedBytes(bob.self), ada.queuedBytes(nodeId('nobody'))], [0, 0], 'before');
      const [taken] = flood(ada, bob.self, Math.min(4096, ada.capabilities.messageMaxBytes));
      equal(ada.queuedBytes(cyd.self), 0, 'for another peer');
      await atBob.until(() => atBob.messages.length === taken);
      // An exchange after the last message: by its end whatever tells the sender of progress has arrived.
      atBob.onEach = from => void bob.send(from, numbered(1));
      while (ada.queuedBytes(bob.self) > 0) {
        const answers = atAda.messages.length;
        ada.send(bob.self, numbered(0));
        await atAda.until(() => atAda.messages.length > answers);
      }
      equal(ada.queuedBytes(bob.self), 0, 'at the end');
    },
  },
];

const lifetime: readonly TransportCase[] = [
  {
    name: 'there is no connection to a stranger',
    async run({ transports }) {
      const [ada] = three(transports);
      equal(ada.send(nodeId('nobody'), numbered(1)), 'disconnected', 'send');
      equal(ada.queuedBytes(nodeId('nobody')), 0, 'queued');
    },
  },
  {
    name: 'it is started once',
    async run({ transports, recorders }) {
      const [ada, bob] = three(transports);
      const [, atBob] = three(recorders);
      const second = new Recorder();
      const refused = await ada.start(second).then(
        () => false,
        () => true,
      );
      ok(refused, 'a second start is refused');
      ada.send(bob.self, numbered(1));
      bob.send(ada.self, numbered(2));
      await atBob.until(() => atBob.messages.length === 1);
      equal(second.messages.length, 0, 'messages at the second handlers');
    },
  },
  {
    name: 'connects and disconnects come in turn, a connect before the first message',
    async run({ transports, recorders }) {
      const [ada, bob, cyd] = three(transports);
      const [, atBob, atCyd] = three(recorders);
      ada.send(bob.self, numbered(1));
      await atBob.until(() => atBob.messages.length === 1);
      await ada[Symbol.asyncDispose]();
      await atBob.until(() => !atBob.connected.has(ada.self));
      await atCyd.until(() => !atCyd.connected.has(ada.self));
      equal(atBob.faults, [], 'out of turn at bob');
      equal(atCyd.faults, [], 'out of turn at cyd');
      ok(atBob.connected.has(cyd.self), 'the others stay connected');
    },
  },
  {
    name: 'who is disposed of says and hears nothing more, and its peers learn of it',
    async run({ transports, recorders }) {
      const [ada, bob] = three(transports);
      const [atAda, atBob] = three(recorders);
      await ada[Symbol.asyncDispose]();
      const heard = [atAda.count, atAda.drained.length];
      equal(ada.send(bob.self, numbered(1)), 'disconnected', 'send from the disposed one');
      equal(ada.queuedBytes(bob.self), 0, 'queued at the disposed one');
      await atBob.until(() => !atBob.connected.has(ada.self));
      equal(bob.send(ada.self, numbered(2)), 'disconnected', 'send to the disposed one');
      equal(bob.queuedBytes(ada.self), 0, 'queued for the disposed one');
      equal([atAda.count, atAda.drained.length], heard, 'heard after its disposal');
      ok(
        await ada.start(new Recorder()).then(
          () => false,
          () => true,
        ),
        'it cannot be started again',
      );
    },
  },
  {
    name: 'disposing twice, at once or later, is harmless',
    async run({ transports }) {
      const [ada] = three(transports);
      await Promise.all([ada[Symbol.asyncDispose](), ada[Symbol.asyncDispose]()]);
      await ada[Symbol.asyncDispose]();
    },
  },
  {
    name: 'disposing while messages are under way loses no order: a beginning of them arrives',
    async run({ transports, recorders }) {
      const [ada, bob] = three(transports);
      const [, atBob] = three(recorders);
      const [taken] = flood(ada, bob.self, Math.min(4096, ada.capabilities.messageMaxBytes));
      await ada[Symbol.asyncDispose]();
      await atBob.until(() => !atBob.connected.has(ada.self));
      ok(atBob.messages.length <= taken, 'none made up');
      ok(
        atBob.messages.every((message, index) => numberOf(message.bytes) === index),
        'without gaps, in order',
      );
      equal(atBob.faults, [], 'out of turn');
    },
  },
  {
    name: 'disposing within a handler ends the delivery',
    async run({ transports, recorders }) {
      const [ada, bob] = three(transports);
      const [atAda, atBob] = three(recorders);
      atBob.onEach = () => void bob[Symbol.asyncDispose]();
      for (let value = 0; value < 10; value++) ada.send(bob.self, numbered(value));
      await atAda.until(() => !atAda.connected.has(bob.self));
      equal(atBob.messages.length, 1, 'messages at bob');
    },
  },
  {
    name: 'a connection that is ended on purpose is told at both ends',
    applies: transport => transport.disconnect !== undefined,
    async run({ transports, recorders }) {
      const [ada, bob, cyd] = three(transports);
      const [atAda, atBob] = three(recorders);
      const cause = new Error('On purpose');
      ada.disconnect?.(bob.self, cause);
      equal(atAda.disconnects.length, 0, 'told within the call');
      await atAda.until(() => atAda.disconnects.length === 1);
      ok(atAda.disconnects[0]?.cause === cause, 'the cause is handed on');
      await atBob.until(() => atBob.disconnects.length === 1);
      ok(atAda.connected.has(cyd.self), 'other connections stay');
      ada.disconnect?.(nodeId('nobody'), cause);
      equal([atAda.faults, atBob.faults], [[], []], 'out of turn');
    },
  },
];

/** All cases, for {@link runCase}. */
export const transportCases: readonly TransportCase[] = [...delivery, ...pressure, ...lifetime];
