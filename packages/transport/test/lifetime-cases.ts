import { nodeId } from '@quorate/core';
import { Recorder } from './recorder.ts';
import { type TransportCase, equal, flood, numberOf, numbered, ok, three } from './transport-case.ts';

/** Starting, connecting, and coming to an end. */
export const lifetimeCases: readonly TransportCase[] = [
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
