import type { StreamConfig } from '@nats-io/jetstream';
import { QuorateError } from '@quorate/core';

/** What the stream must be set to; anything else of it is the operator's. */
type Required = Pick<
  StreamConfig,
  | 'subjects'
  | 'num_replicas'
  | 'retention'
  | 'discard'
  | 'storage'
  | 'max_msgs'
  | 'max_age'
  | 'max_msgs_per_subject'
  | 'allow_rollup_hdrs'
> &
  Pick<StreamConfig, 'deny_delete' | 'deny_purge' | 'no_ack'>;

const required = (name: string): Required => ({
  subjects: [`${name}.*.>`],
  // A stream on several servers checks a message's condition before they agree, so that two writers may both be told yes.
  num_replicas: 1,
  retention: 'limits',
  discard: 'new',
  storage: 'file',
  max_msgs: -1,
  max_age: 0,
  max_msgs_per_subject: -1,
  allow_rollup_hdrs: true,
  deny_delete: false,
  deny_purge: false,
  no_ack: false,
});

/** What it must not have: it could not be written to, or would take in what nobody has judged. */
const forbidden = ['sealed', 'mirror', 'sources', 'subject_transform'] as const;

/** The configuration of a stream that is made. */
export function streamConfig(name: string): Partial<StreamConfig> {
  return { name, allow_direct: false, max_bytes: -1, max_msg_size: -1, ...required(name) };
}

/**
 * What the server says it has set must be what the store relies on: a server that does not know an option ignores it, and somebody
 * else may have made the stream.
 *
 * @throws QuorateError `UNSUPPORTED`, with the first setting that differs
 */
export function checkStream(name: string, config: StreamConfig): void {
  for (const [setting, wanted] of Object.entries(required(name))) {
    const found = (config as unknown as Record<string, unknown>)[setting] ?? absentMeans(wanted);
    if (JSON.stringify(found) === JSON.stringify(wanted)) continue;
    throw unsupported(name, setting, JSON.stringify(wanted), found);
  }
  for (const setting of forbidden) {
    if (config[setting]) throw unsupported(name, setting, 'absent', config[setting]);
  }
}

function unsupported(name: string, setting: string, wanted: string, found: unknown): QuorateError {
  const message = `Setting "${setting}" of the stream ${name} must be ${wanted}: found ${JSON.stringify(found)}`;
  return new QuorateError('UNSUPPORTED', message, { outcome: 'not-applied' });
}

/** The server leaves out what is false. */
function absentMeans(wanted: unknown): unknown {
  return typeof wanted === 'boolean' ? false : undefined;
}
