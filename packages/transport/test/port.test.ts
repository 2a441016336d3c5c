import { groupId, nodeId } from '@quorate/core';
import { type Port, type WorkerHandle, channel, createTeam, spawn } from '@quorate/threads';
import { type PortTransport, createPortTransport } from '@quorate/transport';
import { describe, expect, test } from 'vitest';
import type { echo } from './fixtures/port-echo.ts';
import { Recorder } from './recorder.ts';
import { type Subject, runCase, transportCases } from './transport-cases.ts';

const subject: Subject = {
  name: 'ports',
  async open(names) {
    const transports = names.map(name => createPortTransport(name, { windowBytes: 0x2_0000 }));
    for (const [index, one] of transports.entries()) {
      for (const other of transports.slice(index + 1)) {
        const [left, right] = channel<never>();
        one.attach(left);
        other.attach(right);
      }
    }
    return {
      transports,
      async [Symbol.asyncDispose]() {
        await Promise.all(transports.map(transport => transport[Symbol.asyncDispose]()));
      },
    };
  },
};

const echoName = nodeId('echo');

/** A transport and a worker that echoes at the other end of its port. */
async function openEcho(): Promise<{
  readonly main: PortTransport;
  readonly recorder: Recorder;
  readonly worker: WorkerHandle<typeof echo>;
}> {
  const worker = await spawn<typeof echo>(new URL('fixtures/port-echo.ts', import.meta.url));
  const main = createPortTransport(nodeId('main'), { queueMaxBytes: 0x20_0000 });
  const recorder = new Recorder();
  await main.start(recorder);
  await attachEcho(main, worker);
  await recorder.until(() => recorder.connected.has(echoName));
  return { main, recorder, worker };
}

async function attachEcho(main: PortTransport, worker: WorkerHandle<typeof echo>): Promise<void> {
  const [here, there] = channel<never>();
  main.attach(here);
  await worker.call('open', there, { transfer: [there] });
}

describe('the port transport', () => {
  for (const each of transportCases)
    test(each.name, () => expect(runCase(subject, each)).resolves.toBeUndefined());

  test('a worker echoes', async () => {
    const { main, recorder, worker } = await openEcho();
    for (let value = 0; value < 5000; value++) {
      expect(main.send(echoName, Uint8Array.of(value, value >> 8), groupId(value))).toBe('sent');
    }
    await recorder.until(() => recorder.count === 5000);
    expect(
      recorder.messages.every(({ bytes, group }, value) => bytes[0] === (value & 255) && group === value),
    ).toBe(true);
    await main[Symbol.asyncDispose]();
    await worker.close();
  });

  test('a thread that is busy makes its sender full, with no more than its window under way', async () => {
    const { main, recorder, worker } = await openEcho();
    const flag = new Int32Array(new SharedArrayBuffer(4));
    const blocked = worker.call('block', flag);
    const message = new Uint8Array(1000);
    let taken = 0;
    // The busy thread takes nothing, however many turns pass, so the number that were taken on is bounded.
    for (let turn = 0; turn < 20; turn++) {
      while (main.send(echoName, message) === 'sent') taken++;
      await new Promise(setImmediate);
    }
    expect(taken * 1008).toBeLessThanOrEqual(0x20_0000 + 65_536 * 2);
    expect(main.queuedBytes(echoName)).toBeGreaterThan(0x1f_0000);
    expect(recorder.drained).toEqual([]);
    Atomics.store(flag, 0, 1);
    Atomics.notify(flag, 0);
    await blocked;
    await recorder.until(() => recorder.drained.length > 0 && recorder.count === taken);
    await main[Symbol.asyncDispose]();
    await worker.close();
  });

  test('a queue that is shorter than what a peer tells of drains as well', async () => {
    const options = { messageMaxBytes: 1000, queueMaxBytes: 4000 };
    const [one, other] = [
      createPortTransport(nodeId('one'), options),
      createPortTransport(nodeId('other'), options),
    ];
    const [left, right] = channel<never>();
    one.attach(left);
    other.attach(right);
    const [atOne, atOther] = [new Recorder(), new Recorder()];
    await one.start(atOne);
    await other.start(atOther);
    await atOne.until(() => atOne.connected.size === 1);
    for (let round = 1; round <= 3; round++) {
      let taken = 0;
      while (one.send(other.self, new Uint8Array(900)) === 'sent') taken++;
      expect([taken, atOne.drained.length]).toEqual([4, round - 1]);
      await atOne.until(() => atOne.drained.length === round);
    }
    await one[Symbol.asyncDispose]();
    await other[Symbol.asyncDispose]();
  });

  test('the death of a worker is a disconnect, and another port connects again', async () => {
    const { main, recorder, worker } = await openEcho();
    main.send(echoName, Uint8Array.of(1));
    await recorder.until(() => recorder.count === 1);
    await worker.terminate();
    await recorder.until(() => recorder.disconnects.length === 1);
    expect(main.send(echoName, Uint8Array.of(2))).toBe('disconnected');
    await using second = await spawn<typeof echo>(new URL('fixtures/port-echo.ts', import.meta.url));
    await attachEcho(main, second);
    await recorder.until(() => recorder.connected.has(echoName));
    // A newer port to the same peer takes the place of the older, which is told.
    await attachEcho(main, second);
    await recorder.until(() => recorder.disconnects.length === 2 && recorder.connected.has(echoName));
    main.send(echoName, Uint8Array.of(3));
    await recorder.until(() => recorder.count === 2);
    await second.call('leave');
    await recorder.until(() => recorder.disconnects.length === 3);
    expect(recorder.faults).toEqual([]);
    await main[Symbol.asyncDispose]();
  });

  test('where ports tell nothing, a team does', async () => {
    const team = createTeam();
    const [one, other] = [createPortTransport(nodeId('one')), createPortTransport(nodeId('other'))];
    const [left, right] = channel<never>({ schedule: queueMicrotask });
    const member = team.join();
    one.attach(left, { peer: { team, member } });
    other.attach(right);
    const recorder = new Recorder();
    await one.start(recorder);
    await other.start(new Recorder());
    await recorder.until(() => recorder.connected.size === 1);
    team.leave(member);
    await recorder.until(() => recorder.disconnects.length === 1);
    expect(recorder.disconnects[0]?.cause).toMatchObject({
      code: 'CONNECTION_LOST',
      message: 'Member 1 has died',
    });
    await other[Symbol.asyncDispose]();
  });

  const hello = { quorate: 'transport', version: 1, self: 'bad', windowBytes: 1000 };
  const batch = (...bytes: number[]): ArrayBuffer => Uint8Array.from(bytes).buffer;
  test.each<readonly [string, readonly unknown[], string]>([
    ['a peer of another version', [{ ...hello, version: 2 }], 'unmet'],
    ['a peer without a name', [{ ...hello, self: '' }], 'unmet'],
    ['a peer with too long a name', [{ ...hello, self: 'x'.repeat(256) }], 'unmet'],
    ['a peer with our name', [{ ...hello, self: 'main' }], 'unmet'],
    ['a peer without a window', [{ ...hello, windowBytes: Number.NaN }], 'unmet'],
    ['a number in place of a hello', [7], 'unmet'],
    ['a batch without a head', [hello, batch(1, 2, 3)], 'PROTOCOL_VIOLATION'],
    ['a record without a head', [hello, batch(0, 0, 0, 0, 1)], 'PROTOCOL_VIOLATION'],
    [
      'a message that is cut off',
      [hello, batch(0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1)],
      'PROTOCOL_VIOLATION',
    ],
    [
      'a length beyond all limits',
      [hello, batch(0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0)],
      'PROTOCOL_VIOLATION',
    ],
    ['bytes taken that were not sent', [hello, 5], 'PROTOCOL_VIOLATION'],
    ['bytes taken that are no number', [hello, Number.NaN], 'PROTOCOL_VIOLATION'],
    ['text', [hello, 'text'], 'PROTOCOL_VIOLATION'],
    ['the last word', [hello, null], 'CONNECTION_LOST'],
  ])('%s costs the connection', async (_name, words, outcome) => {
    const main = createPortTransport(nodeId('main'));
    const recorder = new Recorder();
    await main.start(recorder);
    const [here, there] = channel<unknown>();
    const closed = new Promise<void>(resolve => there.addEventListener('close', () => resolve()));
    there.start();
    main.attach(here as Port<never>);
    for (const word of words) there.postMessage(word);
    await closed;
    expect(recorder.count).toBe(0);
    if (outcome === 'unmet') expect(recorder.connected.size + recorder.disconnects.length).toBe(0);
    else expect(recorder.disconnects[0]?.cause).toMatchObject({ code: outcome });
    expect(main.send(nodeId('bad'), Uint8Array.of(1))).toBe('disconnected');
    await main[Symbol.asyncDispose]();
  });
});
