import { nodeId } from '@quorate/core';
import { type TransportCase, equal, flood, numberOf, numbered, ok, three } from './transport-case.ts';

/** What happens when a peer does not keep up. */
export const pressureCases: readonly TransportCase[] = [
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
