import { putColumns } from './schema/put.ts';

/** The statements that a queue store sends, for one schema. */
export type QueueStatements = Readonly<
  Record<
    | 'now'
    | 'put'
    | 'lease'
    | 'extend'
    | 'acknowledge'
    | 'settle'
    | 'abandon'
    | 'watch'
    | 'get'
    | 'write'
    | 'scan'
    | 'names'
    | 'depth'
    | 'messages'
    | 'remove'
    | 'purge'
    | 'sweep',
    string
  >
>;

/** Of its queue and body, and the columns. */
export const putParameterCount: number = 2 + Object.keys(putColumns).length;

/** @param s the schema as a quoted identifier */
export function queueStatementsFor(s: string): QueueStatements {
  return {
    now: `select ${s}.queue_now() as now`,
    put: `select base, duplicates from ${s}.queue_put(${places(putParameterCount)}, null, $${putParameterCount + 1})`,
    lease: `select * from ${s}.queue_lease(${places(8)})`,
    extend: `select ${s}.queue_extend(${places(6)}) as done`,
    acknowledge: `select ${s}.queue_acknowledge(${places(4)}) as done`,
    settle: `select ${s}.queue_settle(${places(9 + putParameterCount + 7)}) as results`,
    abandon: `select ${s}.queue_abandon($1, $2) as count`,
    watch: `select ${s}.queue_watch($1, $2, $3)`,
    get: `select key, value, version, expires_at from ${s}.queue_state
      where key = $1 and (expires_at is null or expires_at > ${s}.queue_now())`,
    write: `select * from ${s}.queue_write($1, $2, $3, $4)`,
    scan: `select * from ${s}.queue_scan(${places(5)})`,
    names: `select * from ${s}.queue_names($1, $2, $3, $4, $5) as name`,
    depth: `select * from ${s}.queue_depth($1)`,
    messages: `select * from ${s}.queue_messages($1, $2, $3, $4, $5, $6)`,
    remove: `select ${s}.queue_remove($1, $2, $3) as done`,
    purge: `select count, last from ${s}.queue_purge($1, $2)`,
    sweep: `select ${s}.queue_sweep() as more`,
  };
}

function places(count: number): string {
  return Array.from({ length: count }, (_, index) => `$${index + 1}`).join(', ');
}
