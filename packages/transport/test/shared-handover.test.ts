import { type Clock, ManualClock, type NodeId, nodeId, systemClock } from '@quorate/core';
import { createTeam, wake } from '@quorate/threads';
import {
  type SharedNetwork,
  type SharedOptions,
  type SharedTransport,
  attachSharedTransport,
  createSharedNetwork,
} from '@quorate/transport/shared';
import { expect, test } from 'vitest';
import { SharedMap } from '../src/shared/layout.ts';
import { Recorder } from './recorder.ts';

const [ada, bob, cyd] = [nodeId('ada'), nodeId('bob'), nodeId('cyd')];

async function start(
  network: SharedNetwork,
  name: NodeId,
  options?: SharedOptions,
): Promise<readonly [SharedTransport, Recorder]> {
  const transport = attachSharedTransport(network, name, options);
  const recorder = new Recorder();
  await transport.start(recorder);
  return [transport, recorder];
}

test.each([0, 1])('disposing from within a handler settles, with a linger of %i ms', async lingerMs => {
  const network = createSharedNetwork({ peers: [ada, bob] });
  const [one, atOne] = await start(network, ada);
  const [two, atTwo] = await start(network, bob, { lingerMs });
  const disposed = new Promise<void>(resolve => {
    atTwo.onEach = () => resolve(two[Symbol.asyncDispose]());
  });
  await atOne.until(() => atOne.connected.has(bob));
  one.send(bob, Uint8Array.of(1));
  await disposed;
  await two[Symbol.asyncDispose]();
  await atOne.until(() => atOne.disconnects.length === 1);
  expect([atOne.faults, atTwo.faults]).toEqual([[], []]);
  await one[Symbol.asyncDispose]();
});

test('once disposed of, also by a handler, a transport touches nothing of the memory: it may be of another', async () => {
  const network = createSharedNetwork({ peers: [ada, bob, cyd], ringBytes: 1024 });
  const options = { blocking: true };
  const [one, atOne] = await start(network, ada, options);
  const [two, atTwo] = await start(network, bob, options);
  for (const transport of [one, two, one, two]) transport.receive({ deadlineMs: 0 });
  expect([atOne.connected.size, atTwo.connected.size]).toEqual([1, 1]);
  const [three] = await start(network, cyd, options);
  for (let value = 0; value < 5; value++) one.send(bob, new Uint8Array(100).fill(value));
  three.receive({ deadlineMs: 0 });
  one.receive({ deadlineMs: 0 });
  let before: Uint8Array | undefined;
  atTwo.onEach = () => {
    void two[Symbol.asyncDispose]();
    before = new Uint8Array(network.memory).slice();
  };
  two.receive({ deadlineMs: 0 });
  await Promise.resolve();
  expect(atTwo.count).toBe(1);
  expect(Buffer.compare(new Uint8Array(network.memory), before as Uint8Array)).toBe(0);
  await one[Symbol.asyncDispose]();
  await three[Symbol.asyncDispose]();
});

test('a transport that finds no room in the team takes no part', async () => {
  const team = createTeam({ capacity: 1 });
  const network = createSharedNetwork({ peers: [ada, bob], team });
  const [one, atOne] = await start(network, ada, { blocking: true });
  const two = attachSharedTransport(network, bob, { blocking: true });
  await expect(two.start(new Recorder())).rejects.toMatchObject({ code: 'TEAM_FULL' });
  expect(() => two.receive({ deadlineMs: 0 })).toThrow('The transport does not run');
  await two[Symbol.asyncDispose]();
  one.receive({ deadlineMs: 0 });
  expect(atOne.connected.size).toBe(0);
  await one[Symbol.asyncDispose]();
});

test('who takes a name over sleeps undisturbed by the end of the one before', async () => {
  const network = createSharedNetwork({ peers: [ada, bob] });
  const [one] = await start(network, bob);
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
  const gone = one[Symbol.asyncDispose]();
  const [two, atTwo] = await start(network, bob);
  await gone;
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
  expect(Atomics.load(new SharedMap(network).place(1).sleeping, 0)).toBe(1);
  const [other, atOther] = await start(network, ada);
  await atTwo.until(() => atTwo.connected.has(ada));
  await atOther.until(() => atOther.connected.has(bob));
  await two[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
});

test('a thread that blocks, and is kept busy by one peer, learns of the death of another', async () => {
  const team = createTeam();
  const network = createSharedNetwork({ peers: [ada, bob, cyd], team });
  const member = team.join();
  const clock = new ManualClock();
  const [busy, atBusy] = await start(network, ada, { blocking: true, clock });
  const [talker] = await start(network, bob, { blocking: true, clock });
  const [mortal] = await start(network, cyd, { blocking: true, member, clock });
  for (let round = 0; round < 3; round++)
    for (const transport of [busy, talker, mortal]) transport.receive({ deadlineMs: 0 });
  expect(atBusy.connected.size).toBe(2);
  team.leave(member);
  // No turn of the event loop comes between: it would tell of the death as well.
  for (let ms = 0; ms < 100; ms++) {
    clock.advance(1);
    talker.send(ada, Uint8Array.of(ms));
    talker.receive({ deadlineMs: 0 });
    expect(busy.receive({ deadlineMs: 1000 })).toBe(true);
  }
  expect(atBusy.disconnects).toMatchObject([{ peer: cyd, cause: { code: 'CONNECTION_LOST' } }]);
  await busy[Symbol.asyncDispose]();
  await talker[Symbol.asyncDispose]();
});

test('a blocking wait ends by its deadline on a clock that begins at 0', async () => {
  const network = createSharedNetwork({ peers: [ada, bob] });
  let nowMs = 0;
  const clock: Clock = {
    ...systemClock,
    monotonicMs: () => nowMs++,
  };
  const [one] = await start(network, ada, { blocking: true, clock });
  nowMs = 0;
  expect(one.receive({ deadlineMs: 3 })).toBe(false);
  expect(nowMs).toBeLessThan(10);
  await one[Symbol.asyncDispose]();
});

test('a sender that is woken while its message has still no room does not spin', async () => {
  const network = createSharedNetwork({ peers: [ada, bob], ringBytes: 4096, messageMaxBytes: 2040 });
  const [one, atOne] = await start(network, ada);
  const [two, atTwo] = await start(network, bob, { blocking: true });
  const turn = async (read: boolean): Promise<void> => {
    if (read) two.receive({ deadlineMs: 0 });
    await new Promise(setImmediate);
  };
  while (atOne.connected.size === 0 || atTwo.connected.size === 0) await turn(true);
  one.send(bob, new Uint8Array(700));
  while (atTwo.count < 1) await turn(true);
  expect([one.send(bob, new Uint8Array(2000)), one.send(bob, new Uint8Array(2000))]).toEqual([
    'sent',
    'full',
  ]);
  const { bell } = new SharedMap(network).place(0);
  Atomics.add(bell, 0, 1);
  wake(bell, 0);
  for (let count = 0; count < 20; count++) await turn(false);
  expect(atOne.drained.length).toBe(0);
  while (atOne.drained.length === 0) await turn(true);
  expect(one.send(bob, new Uint8Array(2000))).toBe('sent');
  await one[Symbol.asyncDispose]();
  await two[Symbol.asyncDispose]();
});
