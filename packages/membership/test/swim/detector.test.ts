import { nodeId } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { type FailureDetector, PhiAccrual } from '../../src/index.ts';
import { LoneCore, record } from './lone-core.ts';

describe('a detector beside the probes', () => {
  test('has a say before a silent member is suspected', () => {
    const patient = new LoneCore({ detectorOf: () => new PhiAccrual({ threshold: 1e6 }) }).know(
      'a',
      'b',
      'c',
      'd',
    );
    patient.receive('a', { type: 'gossip' });
    patient.probeOf('a');
    patient.pass(1010);
    expect(patient.state('a')).toBe('alive');
    expect(patient.swim.score(nodeId('a'), patient.nowMs)).toBeGreaterThan(0);
    expect(patient.swim.score(nodeId('nobody'), 0)).toBeUndefined();

    const strict = new LoneCore({ detectorOf: () => new PhiAccrual({ threshold: 0.01 }) }).know(
      'a',
      'b',
      'c',
      'd',
    );
    strict.receive('a', { type: 'gossip' });
    strict.probeOf('a');
    strict.pass(1010);
    expect(strict.state('a')).toBe('suspect');
  });

  /** Keeps what each detector was told. */
  const recording = (): [Map<string, number[]>, (id: string) => FailureDetector] => {
    const beats = new Map<string, number[]>();
    const detectorOf = (id: string): FailureDetector => {
      const heard: number[] = [];
      beats.set(id, heard);
      return {
        heartbeat: nowMs => void heard.push(nowMs),
        score: () => 0,
        isAvailable: () => false,
        excuse: () => {},
      };
    };
    return [beats, detectorOf];
  };

  test('hears each message once: an answer is no two heartbeats, one through others is one of its own', () => {
    const [beats, detectorOf] = recording();
    const core = new LoneCore({ detectorOf }).know('a', 'b', 'c', 'd');
    const direct = core.probeOf('a');
    beats.get('a')?.splice(0);
    core.receive('a', { type: 'ack', sequence: direct });
    expect(beats.get('a')).toEqual([core.nowMs]);
    const indirect = core.probeOf('a');
    core.pass(510);
    const [asked] = core.sent('pingReq');
    beats.get('a')?.splice(0);
    core.receive(asked?.to as string, { type: 'ack', sequence: indirect });
    expect(beats.get('a')).toEqual([core.nowMs]);
  });

  test('is there for those that live, and for nobody else', () => {
    const [beats, detectorOf] = recording();
    const core = new LoneCore({ detectorOf }).know('a', 'b');
    core.hear('gossip', [record('a', 'left', 5), record('b', 'dead', 5)], 'c');
    core.receive('a', { type: 'ping', sequence: 1 });
    core.receive('b', { type: 'ping', sequence: 1 });
    expect([...beats.keys()]).toEqual([]);
    expect(core.swim.score(nodeId('a'), 1)).toBeUndefined();
  });
});
