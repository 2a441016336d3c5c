/** One function for each way to write an entry. @param s the schema as a quoted identifier */
export const writeFunctions = (s: string): string => `
create or replace function ${s}.put_entry(
  p_partition text, p_key text, p_value bytea, p_condition text, p_wanted bigint, p_session text,
  p_op_session text, p_op_sequence bigint,
  out applied boolean, out revision bigint, out value bytea, out created bigint, out modified bigint, out session text
) language plpgsql as $$
declare v_old ${s}.operation; v_entry ${s}.entry; v_watched boolean;
begin
  perform ${s}.check_session(p_op_session);
  if p_session is distinct from p_op_session then perform ${s}.check_session(p_session); end if;
  select b.revision, b.watched into revision, v_watched from ${s}.begin_change(p_partition) b;
  v_old := ${s}.find_operation(p_partition, p_op_session, p_op_sequence);
  if v_old.session is not null then
    perform ${s}.undo_change(p_partition, revision);
    applied := true; revision := v_old.revision; created := v_old.created; modified := v_old.revision; session := p_session;
    return;
  end if;
  select * into v_entry from ${s}.entry e where e.partition = p_partition and e.key = p_key;
  applied := ${s}.holds(p_condition, p_wanted, v_entry);
  if not applied then
    revision := ${s}.undo_change(p_partition, revision);
    value := v_entry.value; created := v_entry.created; modified := v_entry.modified; session := v_entry.session;
    return;
  end if;
  created := ${s}.write_entry(p_partition, revision, 0, v_watched, p_key, p_value, p_session);
  modified := revision; session := p_session;
  perform ${s}.remember(p_partition, p_op_session, p_op_sequence, revision, p_key, null, created);
end $$;

create or replace function ${s}.delete_entry(
  p_partition text, p_key text, p_condition text, p_wanted bigint, p_op_session text, p_op_sequence bigint,
  out applied boolean, out revision bigint, out value bytea, out created bigint, out modified bigint, out session text
) language plpgsql as $$
declare v_old ${s}.operation; v_entry ${s}.entry; v_watched boolean;
begin
  if p_op_session is not null then perform ${s}.check_session(p_op_session); end if;
  select b.revision, b.watched into revision, v_watched from ${s}.begin_change(p_partition) b;
  if p_op_session is not null then
    v_old := ${s}.find_operation(p_partition, p_op_session, p_op_sequence);
    if v_old.session is not null then
      perform ${s}.undo_change(p_partition, revision);
      applied := true; revision := v_old.revision;
      value := v_old.value; created := v_old.created; modified := v_old.modified; session := v_old.holder;
      return;
    end if;
  end if;
  v_entry := ${s}.remove_entry(p_partition, revision, 0, v_watched, p_key, p_condition, p_wanted);
  applied := v_entry.key is not null;
  if not applied then
    select * into v_entry from ${s}.entry e where e.partition = p_partition and e.key = p_key;
    revision := ${s}.undo_change(p_partition, revision);
  end if;
  value := v_entry.value; created := v_entry.created; modified := v_entry.modified; session := v_entry.session;
  if applied and p_op_session is not null then
    perform ${s}.remember(p_partition, p_op_session, p_op_sequence, revision, p_key, value, created, modified, session);
  end if;
end $$;

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
