import { trimEvery } from './limits.ts';

/** The fields of a session's last operation that a repeated call is answered with. */
export type RememberedField = 'revision' | 'key' | 'value' | 'created' | 'modified' | 'holder';

/** What the parts of a mutation keep, to be declared by each. */
export const mutationVariables = `
  v_now bigint := (extract(epoch from clock_timestamp()) * 1000000)::bigint;
  v_revision bigint; v_watched boolean; v_unlogged boolean; v_logged integer; v_floor bigint; v_last bigint;
  v_old_revision bigint; v_old_key text; v_old_value bytea; v_old_created bigint; v_old_modified bigint; v_old_holder text;`;

/**
 * Which changes are left out of the log as long as nobody watches: none, those that stand in line, or those that follow one which was
 * left out. Whoever waits in line watches from its own entry on and is told to list, so a lock that nobody waits for pays for no log.
 */
export type Unlogged = 'none' | 'queued' | 'following';

const isUnlogged: Readonly<Record<Unlogged, string>> = {
  none: 'false',
  queued: 'p.watched_until <= clock_timestamp()',
  following: 'p.unlogged = p.revision and p.watched_until <= clock_timestamp()',
};

/**
 * Locks the partition and raises its revision. Written out in each function: a function that is called costs as much as a statement.
 *
 * An update, which is cheaper than an insert that finds a row; a row that is missing is made, and is there for who comes second.
 *
 * @param s the schema as a quoted identifier
 */
export const lockPartition = (s: string, unlogged: Unlogged = 'none'): string => `
  update ${s}.partition p
    set revision_before = p.revision, revision = greatest(p.revision + 1, v_now), logged = p.logged + 1${
      unlogged === 'none'
        ? ''
        : `,
      unlogged = case when ${isUnlogged[unlogged]} then greatest(p.revision + 1, v_now) else p.unlogged end`
    }
    where p.name = p_partition
    returning p.revision, p.watched_until > clock_timestamp(), p.unlogged = p.revision, p.logged, p.floor
    into v_revision, v_watched, v_unlogged, v_logged, v_floor;
  if not found then
    select b.revision, b.watched, false, 0 into v_revision, v_watched, v_unlogged, v_floor from ${s}.begin_change(p_partition) b;
  elsif v_logged >= ${trimEvery} then
    perform ${s}.trim_changes(p_partition);
  end if;`;

/**
 * Reads what the operation's session did last, where it lives. To come after the lock: both in one look, since the end of a session
 * takes its operations away in one transaction with itself. Looked for one after the other, the session could be seen living
 * and its operation gone, and what is repeated would take effect twice.
 *
 * @param s the schema as a quoted identifier
 */
export const readOperation = (s: string, fields: readonly RememberedField[]): string => `
  if p_op_session is not null then
    select o.sequence, ${fields.map(field => `o.${field}`).join(', ')}
      into v_last, ${fields.map(field => `v_old_${field}`).join(', ')}
      from ${s}.session s left join ${s}.operation o on o.session = s.id and o.partition = p_partition
      where s.id = p_op_session and s.deadline > clock_timestamp();
    if not found then raise exception 'session lost' using errcode = 'QU001', detail = p_op_session; end if;
    if v_last > p_op_sequence then
      raise exception 'superseded' using errcode = 'QU002', detail = v_last::text;
    end if;
  end if;`;

/**
 * Remembers the operation. A row that was there and is not any more went with its session.
 *
 * @param s the schema as a quoted identifier
 * @param values SQL of what is remembered; null where it is not given
 */
export function remember(s: string, values: Partial<Record<RememberedField, string>>): string {
  const { revision = 'v_revision', key = 'null', value = 'null' } = values;
  const { created = 'null', modified = 'null', holder = 'null' } = values;
  return `
  if v_last is not null then
    update ${s}.operation o set sequence = p_op_sequence, revision = ${revision}, key = ${key}, value = ${value},
      created = ${created}, modified = ${modified}, holder = ${holder}
      where o.session = p_op_session and o.partition = p_partition;
  elsif p_op_session is not null then
    insert into ${s}.operation values (
      p_partition, p_op_session, p_op_sequence, ${revision}, ${key}, ${value}, ${created}, ${modified}, ${holder})
    on conflict on constraint operation_pkey do update set sequence = excluded.sequence, revision = excluded.revision,
      key = excluded.key, value = excluded.value, created = excluded.created, modified = excluded.modified, holder = excluded.holder;
  end if;`;
}
