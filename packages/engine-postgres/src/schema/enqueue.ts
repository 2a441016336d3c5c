/** Standing in line. @param s the schema as a quoted identifier */
export const enqueue = (s: string): string => `
-- Few statements, since each costs some microseconds and a lock is taken by this one.
create or replace function ${s}.enqueue_entry(
  p_partition text, p_prefix text, p_value bytea, p_session text, p_op_session text, p_op_sequence bigint,
  out key text, out created bigint,
  out head_key text, out head_value bytea, out head_created bigint, out head_modified bigint, out head_session text,
  out before_key text, out before_value bytea, out before_created bigint, out before_modified bigint, out before_session text
) language plpgsql as $$
declare v_old ${s}.operation; v_watched boolean; v_created bigint;
begin
  if p_session is distinct from p_op_session then perform ${s}.check_session(p_op_session); end if;
  select b.revision, b.watched into created, v_watched from ${s}.begin_change(p_partition) b;
  if p_op_session is not null then
    v_old := ${s}.find_operation(p_partition, p_op_session, p_op_sequence);
  end if;
  if v_old.session is not null then
    perform ${s}.undo_change(p_partition, created);
    key := v_old.key; created := v_old.created;
  else
    loop
      key := p_prefix || lpad(created::text, 16, '0');
      -- Nothing is written where the session is dead, or where somebody has put just this key.
      with e as (
        insert into ${s}.entry as e
          select p_partition, enqueue_entry.key, p_value, enqueue_entry.created, 0, enqueue_entry.created, p_session
          from ${s}.session s where s.id = p_session and s.deadline > clock_timestamp()
          on conflict do nothing
          returning e.created
      ), c as (
        insert into ${s}.change
          select p_partition, e.created, 0, 'put', enqueue_entry.key, p_value, e.created, e.created, p_session from e
      ), o as (
        insert into ${s}.operation
          select p_partition, p_op_session, p_op_sequence, e.created, enqueue_entry.key, null, e.created
          from e where p_op_session is not null
          on conflict (session, partition) do update set sequence = excluded.sequence, revision = excluded.revision,
            key = excluded.key, value = null, created = excluded.created, modified = null, holder = null
      )
      select e.created into v_created from e;
      exit when found;
      perform ${s}.check_session(p_session);
      created := created + 1;
      update ${s}.partition set revision = enqueue_entry.created where name = p_partition;
    end loop;
    perform ${s}.tell_change(p_partition, key, v_watched);
  end if;
  select e.key, e.value, e.created, e.modified, e.session
    into before_key, before_value, before_created, before_modified, before_session
    from ${s}.entry e where e.partition = p_partition and e.created < enqueue_entry.created and starts_with(e.key, p_prefix)
    order by e.created desc, e.ordinal desc limit 1;
  if before_key is null then return; end if;
  select e.key, e.value, e.created, e.modified, e.session
    into head_key, head_value, head_created, head_modified, head_session
    from ${s}.entry e where e.partition = p_partition and starts_with(e.key, p_prefix)
    order by e.created, e.ordinal limit 1;
end $$;
`;
