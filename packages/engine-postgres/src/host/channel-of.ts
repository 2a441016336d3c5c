import { createHash } from 'node:crypto';

/** The channel that changes of a partition are told on; of the partition '', the ends of sessions. As the schema has it. */
export function channelOf(schema: string, partition: string): string {
  return `quorate_${createHash('md5').update(`${schema}/${partition}`).digest('hex')}`;
}
