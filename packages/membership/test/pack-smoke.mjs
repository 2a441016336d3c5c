// Run by the pack check on Node 22, 24 and 26, against the packed package in a project of its own.
import assert from 'node:assert/strict';
import { ManualClock, seededRandom } from '@quorate/core';
import { createMembership, PhiAccrual, Swim, tuningOf } from '@quorate/membership';

/** Two members in one loop, over transports that hand messages on by themselves. */
const clock = new ManualClock({ wallMs: 1_000_000 });
const handlers = new Map();
const transport = self => ({
  self,
  capabilities: { messageMaxBytes: 65_536, authenticated: true, reach: 'process' },
  start: async given => void handlers.set(self, given),
  send(to, bytes, group) {
    const message = bytes.slice();
    clock.setTimer(1, () => handlers.get(to)?.onMessage(self, message, group));
    return 'sent';
  },
  queuedBytes: () => 0,
  async [Symbol.asyncDispose]() {},
});
const member = (self, seeds) =>
  createMembership({ transport: transport(self), clock, random: seededRandom(self), seeds, preset: 'local' });
const [ada, bob] = [member('ada', ['bob']), member('bob', ['ada'])];
for (const each of [ada, bob]) await each.start();
const joined = Promise.all([ada.join(), bob.join()]);
clock.advance(1000);
await joined;
assert.deepEqual(
  ada.members().map(({ id, state }) => [id, state]),
  [
    ['ada', 'alive'],
    ['bob', 'alive'],
  ],
);
const changes = ada.changes({ signal: new AbortController().signal })[Symbol.asyncIterator]();
const left = bob.leave();
clock.advance(1000);
await left;
const { value } = await changes.next();
assert.equal(value.type, 'left');
for (const each of [ada, bob]) await each[Symbol.asyncDispose]();
clock.advance(10);
assert.equal(clock.timerCount, 0);

const detector = new PhiAccrual();
for (let beat = 0; beat < 100; beat++) detector.heartbeat(beat * 1000);
assert.equal(detector.isAvailable(100_000), true);
assert.equal(detector.isAvailable(110_000), false);

const core = new Swim({
  self: 'c',
  incarnation: 1,
  life: 1,
  random: seededRandom(1),
  seeds: [],
  meta: new Uint8Array(0),
  address: '',
  tuning: tuningOf('lan'),
  detectorOf: undefined,
  nowMs: 0,
});
assert.match(core.receive('x', Uint8Array.of(1, 99), 0), /type/);
