import { outOf, recordColumns } from '../record.ts';
import { lockPartition, mutationVariables, remember } from './mutation.ts';

/** Standing in line. @param s the schema as a quoted identifier */
export const enqueue = (s: string): string => `
-- Few statements, and simple ones, since each costs some microseconds and a lock is taken by this one.
create or replace function ${s}.enqueue_entry(
  p_partition text, p_prefix text, p_value bytea, p_session text, p_op_session text, p_op_sequence bigint,
  ${outOf(recordColumns.enqueue)}
) language plpgsql as $$
declare v_alive boolean; v_remembered boolean; ${mutationVariables}
begin
  ${lockPartition(s, 'queued')}
  key := p_prefix || lpad(v_revision::text, 16, '0'); created := v_revision;
  -- Session and operation in one look, as each mutation has it, and remembered by the same where all is as it mostly is.
  update ${s}.operation o
    set sequence = p_op_sequence, revision = v_revision, key = enqueue_entry.key, value = null, created = v_revision, modified = null, holder = null
    from ${s}.session s
    where o.session = p_op_session and o.partition = p_partition and o.sequence < p_op_sequence
      and s.id = o.session and s.id = p_session and s.deadline > clock_timestamp();
  v_remembered := found;
  if not v_remembered then
    select s.id is not null, o.sequence, o.key, o.created into v_alive, v_last, v_old_key, v_old_created
      from (select 1) one
      left join ${s}.session s on s.id = p_session and s.deadline > clock_timestamp()
      left join ${s}.operation o on o.session = p_op_session and o.partition = p_partition;
    if p_session is distinct from p_op_session then perform ${s}.check_session(p_op_session); end if;
    if not v_alive and (p_session is not distinct from p_op_session or v_last is distinct from p_op_sequence) then
      raise exception 'session lost' using errcode = 'QU001', detail = p_session;
    end if;
    if v_last > p_op_sequence then raise exception 'superseded' using errcode = 'QU002', detail = v_last::text; end if;
  end if;
  if v_last = p_op_sequence then
    perform ${s}.undo_change(p_partition, v_revision);
    key := v_old_key; created := v_old_created;
  else
    loop
      insert into ${s}.entry values (p_partition, enqueue_entry.key, p_value, v_revision, 0, v_revision, p_session)
        on conflict do nothing;
      exit when found;
      -- Somebody has put just this key.
      v_revision := v_revision + 1; v_remembered := false;
      key := p_prefix || lpad(v_revision::text, 16, '0'); created := v_revision;
      update ${s}.partition p set revision = v_revision, unlogged = case when v_unlogged then v_revision else p.unlogged end
        where p.name = p_partition;
    end loop;
    if not v_unlogged then
      insert into ${s}.change
        values (p_partition, v_revision, 0, 'put', enqueue_entry.key, p_value, v_revision, v_revision, p_session);
    end if;
    if v_watched then perform ${s}.tell_change(p_partition, key); end if;
    if not v_remembered then
      ${remember(s, { key: 'enqueue_entry.key', created: 'v_revision' })}
    end if;
  end if;
  select e.key, e.value, e.created, e.modified, e.session
    into before_key, before_value, before_created, before_modified, before_session
    from ${s}.entry e
    where e.partition = p_partition and e.created >= v_floor and e.created < enqueue_entry.created and starts_with(e.key, p_prefix)
    order by e.created desc, e.ordinal desc limit 1;
  if not found then return; end if;
  select e.key, e.value, e.created, e.modified, e.session
    into head_key, head_value, head_created, head_modified, head_session
    from ${s}.entry e where e.partition = p_partition and e.created >= v_floor and starts_with(e.key, p_prefix)
    order by e.created, e.ordinal limit 1;
end $$;
`;
