import { groupId, nodeId } from '@quorate/core';
import { type Team, type WorkerHandle, createTeam, spawn, wake } from '@quorate/threads';
import {
  type SharedNetwork,
  type SharedTransport,
  attachSharedTransport,
  createSharedNetwork,
} from '@quorate/transport/shared';
import { describe, expect, test } from 'vitest';
import { SharedMap } from '../src/shared/layout.ts';
import { RingWriter } from '../src/shared/ring-writer.ts';
import type { echo } from './fixtures/shared-echo.ts';
import { Recorder } from './recorder.ts';
import { type Subject, runCase, transportCases } from './transport-cases.ts';

const subject: Subject = {
  name: 'shared memory',
  async open(names) {
    const network = createSharedNetwork({ peers: names, ringBytes: 0x4_0000 });
    const transports = names.map(name => attachSharedTransport(structuredClone(network), name));
    return {
      transports,
      async [Symbol.asyncDispose]() {
        await Promise.all(transports.map(transport => transport[Symbol.asyncDispose]()));
      },
    };
  },
};

describe('the shared-memory transport', () => {
  for (const each of transportCases)
    test(each.name, () => expect(runCase(subject, each)).resolves.toBeUndefined());
});

/** Spawns an echoing worker into the network's team. */
async function spawnEcho(network: SharedNetwork, team: Team): Promise<WorkerHandle<typeof echo>> {
  return await spawn<typeof echo>(new URL('fixtures/shared-echo.ts', import.meta.url), {
    data: network,
    team,
  });
}

/** A network of which this thread is `main`. */
async function openMain(): Promise<{
  readonly team: Team;
  readonly network: SharedNetwork;
  readonly main: SharedTransport;
  readonly recorder: Recorder;
}> {
  const team = createTeam();
  const network = createSharedNetwork({ peers: [nodeId('main'), echoName], team });
  const main = attachSharedTransport(network, nodeId('main'));
  const recorder = new Recorder();
  await main.start(recorder);
  return { team, network, main, recorder };
}

const echoName = nodeId('echo');

describe('shared memory between threads', () => {
  test.each(['serve', 'block'] as const)('a worker that is to %s echoes thousands of messages', async way => {
    const { team, network, main, recorder } = await openMain();
    const worker = await spawnEcho(network, team);
    worker.call(way, 'echo').catch(() => {}); // Blocking for ever ends with its thread.
    await recorder.until(() => recorder.connected.has(echoName));
    const count = 20_000;
    const message = new Uint8Array(100);
    for (let value = 0; value < count; value++) {
      new DataView(message.buffer).setUint32(0, value);
      // What is on its way stays below the size of a ring: an echo that finds its way back full is lost.
      await recorder.until(() => value - recorder.messages.length < 4000);
      expect(main.send(echoName, message, groupId(value))).toBe('sent');
    }
    await recorder.until(() => recorder.messages.length === count);
    for (const [index, { bytes, group }] of recorder.messages.entries()) {
      if (new DataView(bytes.buffer).getUint32(0) !== index || group !== index)
        expect.fail(`message ${index} is another`);
    }
    await worker.terminate();
    await main[Symbol.asyncDispose]();
  });

  test('the death of a thread is a disconnect, and another may take its name', async () => {
    const { team, network, main, recorder } = await openMain();
    for (let life = 1; life <= 3; life++) {
      const worker = await spawnEcho(network, team);
      worker.call('block', 'echo').catch(() => {});
      await recorder.until(() => recorder.connected.has(echoName));
      for (let value = 0; value < 50; value++) main.send(echoName, Uint8Array.of(life, value));
      const before = recorder.messages.length;
      await recorder.until(() => recorder.messages.length > before);
      // While it echoes, so that messages of this life are left in both rings.
      for (let value = 0; value < 1000; value++) main.send(echoName, Uint8Array.of(life, value & 0xff));
      await worker.terminate();
      await recorder.until(() => recorder.disconnects.length === life);
      expect(main.send(echoName, Uint8Array.of(0))).toBe('disconnected');
    }
    expect(recorder.faults).toEqual([]);
    const lives = recorder.messages.map(({ bytes }) => bytes[0] as number);
    expect(lives).toEqual([...lives].sort((one, other) => one - other));
    await main[Symbol.asyncDispose]();
  });

  test('what a thread sent before it left in good order arrives', async () => {
    const { team, network, main, recorder } = await openMain();
    await using worker = await spawnEcho(network, team);
    const done = worker.call('once', 'echo');
    await recorder.until(() => recorder.connected.has(echoName));
    main.send(echoName, Uint8Array.of(42));
    await done;
    await recorder.until(() => recorder.disconnects.length === 1);
    expect(recorder.messages.map(({ bytes }) => [...bytes])).toEqual([[42]]);
    await main[Symbol.asyncDispose]();
  });

  test('a name that a living thread has is refused', async () => {
    const { network, main } = await openMain();
    const second = attachSharedTransport(network, nodeId('main'));
    await expect(second.start(new Recorder())).rejects.toMatchObject({
      code: 'NAME_IN_USE',
      retryable: true,
      outcome: 'not-applied',
    });
    await main[Symbol.asyncDispose]();
    const third = attachSharedTransport(network, nodeId('main'));
    await third.start(new Recorder());
    await third[Symbol.asyncDispose]();
  });

  test('a thread that blocks, and one that lingers, hand over what came', async () => {
    const network = createSharedNetwork({ peers: [nodeId('main'), echoName] });
    const blocking = attachSharedTransport(network, nodeId('main'), { blocking: true });
    const lingering = attachSharedTransport(network, echoName, { lingerMs: 1 });
    const recorder = new Recorder();
    await blocking.start(recorder);
    await lingering.start({ onMessage: (from, message) => void lingering.send(from, message) });
    while (!recorder.connected.has(echoName)) {
      blocking.receive({ deadlineMs: 0 });
      await new Promise(setImmediate);
    }
    blocking.send(echoName, Uint8Array.of(1));
    while (recorder.messages.length === 0) {
      blocking.receive({ deadlineMs: 0 });
      await new Promise(setImmediate);
    }
    expect(blocking.receive({ deadlineMs: 1 })).toBe(false);
    await lingering[Symbol.asyncDispose]();
    expect(blocking.receive({ deadlineMs: 1000 })).toBe(true);
    expect(recorder.disconnects.length).toBe(1);
    await blocking[Symbol.asyncDispose]();
    expect(() => blocking.receive()).toThrow('The transport does not run');
  });

  test('what a peer sends before it has heard of the end of a connection is not of the next', async () => {
    const network = createSharedNetwork({ peers: [nodeId('main'), echoName] });
    const main = attachSharedTransport(network, nodeId('main'));
    const late = attachSharedTransport(network, echoName, { blocking: true });
    const [atMain, atLate] = [new Recorder(), new Recorder()];
    await main.start(atMain);
    await late.start(atLate);
    const meet = async (): Promise<void> => {
      while (!atMain.connected.has(echoName) || atLate.connected.size === 0) {
        late.receive({ deadlineMs: 0 });
        await new Promise(setImmediate);
      }
    };
    await meet();
    main.disconnect?.(echoName, new Error('On purpose'));
    await atMain.until(() => atMain.disconnects.length === 1);
    // By now one side has emptied its ring for the next connection; the other has not looked.
    expect(late.send(nodeId('main'), Uint8Array.of(1))).toBe('sent');
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
    // Not even where it had only just opened the connection that is over.
    const map = new SharedMap(network);
    const writer = new RingWriter(map.ring(1, 0), map.direction(1, 0));
    writer.resume();
    writer.open((map.generation(0, 1)[0] as number) - 1);
    writer.write(Uint8Array.of(3), 0);
    writer.publish();
    late.receive({ deadlineMs: 0 });
    await meet();
    expect(late.send(nodeId('main'), Uint8Array.of(2))).toBe('sent');
    await atMain.until(() => atMain.messages.length > 0);
    expect(atMain.messages.map(({ bytes }) => [...bytes])).toEqual([[2]]);
    expect([atMain.faults, atLate.faults]).toEqual([[], []]);
    await main[Symbol.asyncDispose]();
    await late[Symbol.asyncDispose]();
  });

  test.each([
    ['a length beyond the limit', 0x7000_0000],
    ['a length beyond what was published', 200],
    ['a negative length', -7],
    ['a skip beyond what was published', -1],
  ])('a ring with %s costs its connection, not the process', async (_name, length) => {
    const network = createSharedNetwork({ peers: [nodeId('main'), echoName], ringBytes: 4096 });
    const [main, other] = network.peers.map(peer => attachSharedTransport(network, peer)) as [
      SharedTransport,
      SharedTransport,
    ];
    const [atMain, atOther] = [new Recorder(), new Recorder()];
    await main.start(atMain);
    await other.start(atOther);
    await atMain.until(() => atMain.connected.has(echoName));
    await atOther.until(() => atOther.connected.size === 1);
    const map = new SharedMap(network);
    const { tail } = map.direction(0, 1);
    const at = Atomics.load(tail, 0);
    map.ring(0, 1).words[at >> 2] = length;
    Atomics.store(tail, 0, at + 64);
    Atomics.add(map.place(1).bell, 0, 1);
    wake(map.place(1).bell, 0);
    await atOther.until(() => atOther.disconnects.length === 1);
    expect(atOther.messages).toEqual([]);
    expect(atOther.disconnects[0]?.cause).toMatchObject({ code: 'PROTOCOL_VIOLATION' });
    // Both connect again by themselves, and the ring works.
    await atMain.until(() => atMain.disconnects.length === 1 && atMain.connected.size === 1);
    await atOther.until(() => atOther.connected.size === 1);
    main.send(echoName, Uint8Array.of(5));
    await atOther.until(() => atOther.messages.length === 1);
    expect([...(atOther.messages[0]?.bytes ?? [])]).toEqual([5]);
    await main[Symbol.asyncDispose]();
    await other[Symbol.asyncDispose]();
  });

  test('sizes and names that are none are refused', () => {
    const peers = [nodeId('a'), nodeId('b')];
    expect(() => createSharedNetwork({ peers: [nodeId('a')] })).toThrow(RangeError);
    expect(() => createSharedNetwork({ peers: [nodeId('a'), nodeId('a')] })).toThrow(
      'Peers must be distinct: received a,a',
    );
    expect(() => createSharedNetwork({ peers, ringBytes: 3000 })).toThrow(
      'Ring size in bytes must be a power of two: received 3000',
    );
    expect(() => createSharedNetwork({ peers, ringBytes: 4096, messageMaxBytes: 2041 })).toThrow(
      'Longest message in bytes must be an integer from 1 to 2040: received 2041',
    );
    expect(() => attachSharedTransport(createSharedNetwork({ peers }), nodeId('c'))).toThrow(
      'Name must be one of a, b: received "c"',
    );
  });
});
