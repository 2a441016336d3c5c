// Run by the pack check on Node 22, 24 and 26, against the packed package in a project of its own.
import assert from 'node:assert/strict';
import {
  linkSignal,
  ManualClock,
  nodeId,
  QuorateError,
  seededRandom,
  sleep,
  systemClock,
} from '@quorate/core';

const clock = new ManualClock();
const wait = linkSignal(clock, { deadlineMs: 250 });
const slept = sleep(clock, 100);
clock.advance(100);
await slept;
assert.equal(wait.signal.aborted, false);
clock.advance(150);
assert.ok(wait.signal.reason instanceof QuorateError);
assert.equal(wait.signal.reason.code, 'DEADLINE_EXCEEDED');
wait[Symbol.dispose]();

const draw = label => seededRandom('pack').fork(label).bytes(16).join();
assert.equal(draw('a'), draw('a'));
assert.notEqual(draw('a'), draw('b'));

const beforeMs = systemClock.monotonicMs();
await sleep(systemClock, 5);
assert.ok(systemClock.monotonicMs() - beforeMs >= 5);
assert.equal(nodeId('n1'), 'n1');
