import { groupId, nodeId } from '@quorate/core';
import { createInProcessNetwork } from '@quorate/transport';
import { describe, expect, test } from 'vitest';
import { Recorder } from './recorder.ts';
import { type Subject, runCase, transportCases } from './transport-cases.ts';

const subject: Subject = {
  name: 'in-process',
  async open(names) {
    const network = createInProcessNetwork();
    const transports = names.map(name => network.transport(name));
    return {
      transports,
      async [Symbol.asyncDispose]() {
        await Promise.all(transports.map(transport => transport[Symbol.asyncDispose]()));
      },
    };
  },
};

describe('the in-process transport', () => {
  for (const each of transportCases)
    test(each.name, () => expect(runCase(subject, each)).resolves.toBeUndefined());

  test('peers that are cut apart lose what is under way, and connect again when healed', async () => {
    const network = createInProcessNetwork();
    const [a, b] = [nodeId('a'), nodeId('b')];
    await using ada = network.transport(a);
    await using bob = network.transport(b);
    const [atAda, atBob] = [new Recorder(), new Recorder()];
    await ada.start(atAda);
    await bob.start(atBob);
    await atAda.until(() => atAda.connected.has(b));
    ada.send(b, Uint8Array.of(1), groupId(1));
    network.cut(a, b);
    expect(ada.send(b, Uint8Array.of(2))).toBe('disconnected');
    await atBob.until(() => atBob.disconnects.length === 1);
    expect(atBob.messages).toEqual([]);
    await atAda.until(() => atAda.disconnects.length === 1);
    network.heal(a, b);
    await atAda.until(() => atAda.connected.has(b));
    expect(ada.send(b, Uint8Array.of(3))).toBe('sent');
    await atBob.until(() => atBob.messages.length === 1);
    expect(atBob.messages[0]?.bytes).toEqual(Uint8Array.of(3));
    expect([atAda.faults, atBob.faults]).toEqual([[], []]);
  });

  test('a name is used once at a time', async () => {
    const network = createInProcessNetwork();
    const first = network.transport(nodeId('a'));
    expect(() => network.transport(nodeId('a'))).toThrow('Name must not be in use: "a" is');
    await first[Symbol.asyncDispose]();
    await using again = network.transport(nodeId('a'));
    expect(again.self).toBe('a');
  });
});
