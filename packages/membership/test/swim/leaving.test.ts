import { describe, expect, test } from 'vitest';
import { MessageType } from '../../src/swim/message.ts';
import { LoneCore, record } from './lone-core.ts';

test('leaving is told as often as any news, then it is done; nobody is probed any more', () => {
  const core = new LoneCore().know('a', 'b', 'c');
  core.swim.leave(0);
  core.pass(100); // One round to three members; it takes four tellings.
  expect(core.leaveTold).toBe(false);
  core.pass(5000);
  expect(core.leaveTold).toBe(true);
  const sent = core.sent();
  expect(sent.filter(({ message }) => message.type === MessageType.ping)).toEqual([]);
  expect(
    sent.filter(({ message }) => message.records.some(({ id, state }) => id === 'self' && state === 3)),
  ).toHaveLength(4);
  core.receive('a', { type: 'ping', sequence: 3 });
  expect(core.sent('ack')).toHaveLength(1);
});

describe('a good-bye is told, whatever happens meanwhile', () => {
  test('also where the last telling goes along with an answer', () => {
    const core = new LoneCore().know('a', 'b', 'c');
    core.swim.leave(0);
    core.pass(10); // Three of four tellings.
    core.receive('a', { type: 'ping', sequence: 1 });
    core.pass(5000);
    expect(core.leaveTold).toBe(true);
  });

  test('also where all others leave, or fail, at the same time', () => {
    for (const state of ['left', 'dead'] as const) {
      const core = new LoneCore().know('a', 'b');
      core.swim.leave(0);
      core.pass(10);
      core.hear('gossip', [record('a', state, 5), record('b', state, 5)]);
      core.pass(5000);
      expect([state, core.leaveTold]).toEqual([state, true]);
    }
  });
});
