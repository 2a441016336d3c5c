/** Writing and deleting one entry under a condition. @param s the schema as a quoted identifier */
export const putAndDelete = (s: string): string => `
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
`;
