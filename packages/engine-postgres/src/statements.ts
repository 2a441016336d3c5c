/** The statements that a store sends, for one schema. */
export type Statements = Readonly<
  Record<
    | 'get'
    | 'listOldest'
    | 'listNewest'
    | 'put'
    | 'delete'
    | 'enqueue'
    | 'add'
    | 'batch'
    | 'watch'
    | 'open'
    | 'renew'
    | 'end'
    | 'left'
    | 'sweep'
    | 'sweepThoroughly',
    string
  >
>;

/** @param s the schema as a quoted identifier */
export function statementsFor(s: string): Statements {
  const list = (direction: 'asc' | 'desc'): string => `
    select coalesce((select revision from ${s}.partition where name = $1), ${s}.unknown_revision()) as partition_revision, e.*
    from (select 1) one left join lateral (
      select key, value, created, modified, session from ${s}.entry
      where partition = $1 and created >= (select floor from ${s}.partition where name = $1)
        and starts_with(key, $2) and ($3::bigint is null or created < $3)
      order by created ${direction}, ordinal ${direction} limit $4
    ) e on true`;
  return {
    get: `select value, created, modified, session from ${s}.entry where partition = $1 and key = $2`,
    listOldest: list('asc'),
    listNewest: list('desc'),
    put: `select ${s}.put_entry($1, $2, $3, $4, $5, $6, $7, $8) as record`,
    delete: `select ${s}.delete_entry($1, $2, $3, $4, $5, $6) as record`,
    enqueue: `select ${s}.enqueue_entry($1, $2, $3, $4, $5, $6) as record`,
    add: `select ${s}.add_number($1, $2, $3, $4, $5) as record`,
    batch: `select ${s}.batch_write($1, $2, $3, $4, $5) as record`,
    watch: `select * from ${s}.watch_changes($1, $2, $3)`,
    open: `insert into ${s}.session values ($1, $2, clock_timestamp() + $2 * interval '1 millisecond')`,
    renew: `select ${s}.renew_session($1) as alive`,
    end: `select ${s}.end_session($1) as more`,
    left: `select ${s}.session_left($1) as left_ms`,
    sweep: `select ${s}.sweep() as more`,
    sweepThoroughly: `select ${s}.sweep_thoroughly() as more`,
  };
}
