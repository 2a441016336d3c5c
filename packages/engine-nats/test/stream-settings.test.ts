import type { StreamConfig } from '@nats-io/jetstream';
import { expect, test } from 'vitest';
import { checkStream, streamConfig } from '../src/stream-settings.ts';

/** A configuration as a server gives it, which leaves out what is false. */
const given = (changes: Partial<StreamConfig> = {}): StreamConfig => {
  const config = { ...streamConfig('S'), ...changes };
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== false)) as never;
};

test('a stream as it is made is as it must be', () => {
  expect(() => checkStream('S', given())).not.toThrow();
});

test('a stream on several servers is refused: their servers do not decide one message after the other', () => {
  expect(() => checkStream('S', given({ num_replicas: 3 }))).toThrow(
    'Setting "num_replicas" of the stream S must be 1: found 3',
  );
});

test.for([
  { subjects: ['S.>'] },
  { max_age: 1e9 },
  { max_msgs: 10 },
  { max_msgs_per_subject: 1 },
  { discard: 'old' },
  { retention: 'workqueue' },
  { storage: 'memory' },
  { allow_rollup_hdrs: false },
  { deny_delete: true },
  { deny_purge: true },
  { no_ack: true },
  { sealed: true },
  { mirror: { name: 'OTHER' } },
  { sources: [{ name: 'OTHER' }] },
  { subject_transform: { src: 'S.>', dest: 'T.>' } },
] as Partial<StreamConfig>[])('a stream with %o is refused', changes => {
  expect(() => checkStream('S', given(changes))).toThrow(
    expect.objectContaining({ code: 'UNSUPPORTED', outcome: 'not-applied' }),
  );
});
